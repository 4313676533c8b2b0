//! How the types of `wasi:http/types` cross that are no handles.

use wasmtime_wasi_http::p2::bindings::http::types::{
    DnsErrorPayload, ErrorCode, FieldSizePayload, HeaderError, Method, Scheme, TlsAlertReceivedPayload,
};

use crate::direct::canon::{record, variant};

variant!(both Method { Get, Head, Post, Put, Delete, Connect, Options, Trace, Patch, Other(it: String) });
variant!(both Scheme { Http, Https, Other(it: String) });
variant!(lower HeaderError { InvalidSyntax, Forbidden, Immutable });
record!(DnsErrorPayload { rcode: Option<String>, info_code: Option<u16> });
record!(TlsAlertReceivedPayload { alert_id: Option<u8>, alert_message: Option<String> });
record!(FieldSizePayload { field_name: Option<String>, field_size: Option<u32> });

variant!(both ErrorCode {
    DnsTimeout,
    DnsError(it: DnsErrorPayload),
    DestinationNotFound,
    DestinationUnavailable,
    DestinationIpProhibited,
    DestinationIpUnroutable,
    ConnectionRefused,
    ConnectionTerminated,
    ConnectionTimeout,
    ConnectionReadTimeout,
    ConnectionWriteTimeout,
    ConnectionLimitReached,
    TlsProtocolError,
    TlsCertificateError,
    TlsAlertReceived(it: TlsAlertReceivedPayload),
    HttpRequestDenied,
    HttpRequestLengthRequired,
    HttpRequestBodySize(it: Option<u64>),
    HttpRequestMethodInvalid,
    HttpRequestUriInvalid,
    HttpRequestUriTooLong,
    HttpRequestHeaderSectionSize(it: Option<u32>),
    HttpRequestHeaderSize(it: Option<FieldSizePayload>),
    HttpRequestTrailerSectionSize(it: Option<u32>),
    HttpRequestTrailerSize(it: FieldSizePayload),
    HttpResponseIncomplete,
    HttpResponseHeaderSectionSize(it: Option<u32>),
    HttpResponseHeaderSize(it: FieldSizePayload),
    HttpResponseBodySize(it: Option<u64>),
    HttpResponseTrailerSectionSize(it: Option<u32>),
    HttpResponseTrailerSize(it: FieldSizePayload),
    HttpResponseTransferCoding(it: Option<String>),
    HttpResponseContentCoding(it: Option<String>),
    HttpResponseTimeout,
    HttpUpgradeFailed,
    HttpProtocolError,
    LoopDetected,
    ConfigurationError,
    InternalError(it: Option<String>),
});
