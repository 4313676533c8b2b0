//! W3C Trace Context: the headers `traceparent` and `tracestate` (<https://www.w3.org/TR/trace-context/>, section 3). The
//! ids are in the logs and go on to whom the guest asks.

use std::fmt;

use http::{HeaderMap, HeaderValue};
use serde::{Serialize, Serializer};

use super::id::mix;

/// The name of the header with the trace and its parent.
pub const TRACEPARENT: &str = "traceparent";
/// The name of the header with what vendors have to say beside that.
pub const TRACESTATE: &str = "tracestate";
/// How long a `tracestate` may be to be passed on. Section 3.3.1.5 asks for at least as much.
const LONGEST_STATE: usize = 512;
/// The flag of a trace that is recorded.
const SAMPLED: u8 = 1;

/// The id of a trace: 32 hexadecimal digits, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

/// The id of a span, a part of a trace: 16 hexadecimal digits, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(u64);

/// What a client said of the trace its request is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The client's span.
    pub parent: SpanId,
    /// Bit 0: the client records it.
    pub flags: u8,
}

/// A request's place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// The trace.
    pub id: TraceId,
    /// The client's span; `None` where the trace begins here.
    pub parent: Option<SpanId>,
    /// This request's span.
    pub span: SpanId,
    /// Bit 0: it is recorded.
    pub flags: u8,
}

impl TraceParent {
    /// Reads the header; `None` when it is not there, there twice, or not valid, which all mean that no trace was sent.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let value = values.next()?;
        if values.next().is_some() { None } else { Self::parse(value.to_str().ok()?) }
    }

    /// Reads a value of the header. Of versions after 00 it takes what 00 knows, as the standard asks.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '-');
        let version: u8 = hex(parts.next()?, 2)?.try_into().ok()?;
        let trace = hex(parts.next()?, 32).filter(|id| *id != 0)?;
        let parent: u64 = hex(parts.next()?, 16).filter(|id| *id != 0)?.try_into().ok()?;
        let flags: u8 = hex(parts.next()?, 2)?.try_into().ok()?;
        let more = parts.next().is_some();
        let known = version == 0 && !more || (1..0xff).contains(&version);
        // Version 00 knows the lowest bit alone.
        known.then_some(Self { trace: TraceId(trace), parent: SpanId(parent), flags: flags & SAMPLED })
    }

    /// The header's value.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        // Written once or more for each request, so without the machinery of formatting.
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&mut text[3..35], &self.trace.bytes());
        write_hex(&mut text[36..52], &self.parent.bytes());
        write_hex(&mut text[53..], &[self.flags]);
        // Digits and dashes are always a value.
        HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Makes a request part of a trace, and of no other.
pub(crate) fn propagate(headers: &mut HeaderMap, parent: TraceParent, state: Option<&HeaderValue>) {
    headers.insert(TRACEPARENT, parent.header());
    match state {
        Some(state) => drop(headers.insert(TRACESTATE, state.clone())),
        None => drop(headers.remove(TRACESTATE)),
    }
}

/// The `tracestate` that came with a valid `traceparent`: one value, made of those that were sent. `None` also if it is
/// too long to be passed on. What is in it is for others to read.
#[must_use]
pub fn state_of(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(TRACESTATE).iter();
    let first = values.next()?;
    let state = match values.next() {
        None => first.clone(),
        Some(second) => {
            let all: Vec<&[u8]> = [first, second].into_iter().chain(values).map(HeaderValue::as_bytes).collect();
            HeaderValue::from_bytes(&all.join(&b","[..])).ok()?
        }
    };
    (!state.is_empty() && state.len() <= LONGEST_STATE && state.to_str().is_ok()).then_some(state)
}

impl Trace {
    /// A part of this request, such as the `number`th request its guest makes.
    #[must_use]
    pub fn child(&self, number: u64) -> Self {
        let span = SpanId::from_word(mix(self.span.0 ^ mix(number.wrapping_add(1))));
        Self { parent: Some(self.span), span, ..*self }
    }

    /// What a request says that is this span.
    #[must_use]
    pub fn sent(&self) -> TraceParent {
        TraceParent { trace: self.id, parent: self.span, flags: self.flags }
    }

    /// What the client said, where the trace did not begin here.
    #[must_use]
    pub fn received(&self) -> Option<TraceParent> {
        Some(TraceParent { trace: self.id, parent: self.parent?, flags: self.flags })
    }

    /// Whether it is recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The same, recorded.
    pub(super) fn sampled(self) -> Self {
        Self { flags: self.flags | SAMPLED, ..self }
    }
}

impl TraceId {
    pub(super) fn from_words(high: u64, low: u64) -> Self {
        Self((u128::from(high) << 64 | u128::from(low)).max(1))
    }

    pub(super) fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Its last 63 bits as a fraction of all they can be, which is what traces are sampled by elsewhere too.
    pub(super) fn fraction(self) -> f64 {
        (self.0 as u64 >> 1) as f64 / (1_u64 << 63) as f64
    }
}

impl SpanId {
    pub(super) fn from_word(word: u64) -> Self {
        Self(word.max(1))
    }

    pub(super) fn bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

fn write_hex(text: &mut [u8], bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (digits, byte) in text.chunks_exact_mut(2).zip(bytes) {
        digits.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// `digits` hexadecimal digits in lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let well_formed = text.len() == digits && text.bytes().all(lower);
    if well_formed { u128::from_str_radix(text, 16).ok() } else { None }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for SpanId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_reads_as_it_was_written() {
        let sent = TraceParent::parse(SENT).unwrap();
        assert_eq!(sent.header(), SENT);
        let trace = Trace { id: sent.trace, parent: None, span: sent.parent, flags: sent.flags };
        assert_eq!(trace.sent(), sent);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = format!("cc{}-what-else", &SENT[2..]);
        assert_eq!(TraceParent::parse(&later), TraceParent::parse(SENT));
        assert_eq!(TraceParent::parse(&format!("{}ff", &SENT[..53])).unwrap().flags, 1);
    }

    #[test]
    fn what_is_not_valid_is_no_trace() {
        let zero_trace = SENT.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32));
        let zero_span = SENT.replace("b7ad6b7169203331", &"0".repeat(16));
        let bad = ["", "00", &SENT[..54], &format!("{SENT}-"), &format!("{SENT}0"), &SENT.to_uppercase(), &zero_trace];
        for text in bad {
            assert!(TraceParent::parse(text).is_none(), "{text}");
        }
        for text in [&zero_span, &format!("ff{}", &SENT[2..]), &SENT.replace("0a", "+a"), &format!(" {SENT}")] {
            assert!(TraceParent::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_header_that_is_there_twice_is_ignored() {
        let mut headers = HeaderMap::new();
        assert!(TraceParent::of(&headers).is_none());
        headers.append(TRACEPARENT, HeaderValue::from_static(SENT));
        assert!(TraceParent::of(&headers).is_some());
        headers.append(TRACEPARENT, HeaderValue::from_static(SENT));
        assert!(TraceParent::of(&headers).is_none());
    }

    #[test]
    fn a_state_is_passed_on_as_one_value_unless_it_is_too_long() {
        let mut headers = HeaderMap::new();
        assert_eq!(state_of(&headers), None);
        headers.append(TRACESTATE, HeaderValue::from_static("a=1"));
        assert_eq!(state_of(&headers).unwrap(), "a=1");
        headers.append(TRACESTATE, HeaderValue::from_static("b=2"));
        headers.append(TRACESTATE, HeaderValue::from_static("c=3"));
        assert_eq!(state_of(&headers).unwrap(), "a=1,b=2,c=3");
        headers.append(TRACESTATE, HeaderValue::try_from("x".repeat(512)).unwrap());
        assert_eq!(state_of(&headers), None);
    }

    #[test]
    fn children_are_spans_of_their_own_in_the_same_trace() {
        let sent = TraceParent::parse(SENT).unwrap();
        let trace = Trace { id: sent.trace, parent: None, span: sent.parent, flags: sent.flags };
        let (one, other) = (trace.child(0), trace.child(1));
        assert_eq!((one.id, one.parent, one.flags), (trace.id, Some(trace.span), 1));
        assert!(one.span != other.span && one.span != trace.span);
        assert_eq!(one, trace.child(0));
    }
}
