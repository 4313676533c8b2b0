//! Whether types of two sides are one, as the validator sees it: names of types do not matter, names of fields, cases and
//! parameters do.

use std::cell::RefCell;
use std::collections::HashMap;

use wac_graph::types::{DefinedType, FuncTypeId, ResourceId, Types, ValueType};

/// Compares types of one side with those of the other. Remembers what it has compared: a few types can refer to one another
/// so often that each pair would be met millions of times.
pub(super) struct Equal<'a> {
    pub(super) left: &'a Types,
    pub(super) right: &'a Types,
    known: RefCell<HashMap<(ValueType, ValueType), bool>>,
}

impl<'a> Equal<'a> {
    pub(super) fn new(left: &'a Types, right: &'a Types) -> Equal<'a> {
        Equal { left, right, known: RefCell::default() }
    }

    pub(super) fn functions(&self, left: FuncTypeId, right: FuncTypeId) -> bool {
        let (left, right) = (&self.left[left], &self.right[right]);
        left.is_async == right.is_async
            && self.named(left.params.iter(), right.params.iter())
            && self.optional(left.result, right.result)
    }

    pub(super) fn values(&self, left: ValueType, right: ValueType) -> bool {
        let left = self.left.resolve_value_type(left);
        let right = self.right.resolve_value_type(right);
        if let Some(known) = self.known.borrow().get(&(left, right)) {
            return *known;
        }
        let equal = match (left, right) {
            (ValueType::Primitive(left), ValueType::Primitive(right)) => left == right,
            (ValueType::Own(left), ValueType::Own(right)) | (ValueType::Borrow(left), ValueType::Borrow(right)) => {
                self.resources(left, right)
            }
            (ValueType::Defined(left), ValueType::Defined(right)) => self.defined(&self.left[left], &self.right[right]),
            _ => false,
        };
        self.known.borrow_mut().insert((left, right), equal);
        equal
    }

    /// Which resource it is shows only where it comes from; here its name has to do.
    pub(super) fn resources(&self, left: ResourceId, right: ResourceId) -> bool {
        let left = &self.left[self.left.resolve_resource(left)];
        let right = &self.right[self.right.resolve_resource(right)];
        left.name == right.name
    }

    fn defined(&self, left: &DefinedType, right: &DefinedType) -> bool {
        use DefinedType::{
            Enum, FixedSizeList, Flags, Future, List, Map, Option, Record, Result, Stream, Tuple, Variant,
        };
        match (left, right) {
            (Tuple(left), Tuple(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| self.values(*left, *right))
            }
            (List(left), List(right)) | (Option(left), Option(right)) => self.values(*left, *right),
            (FixedSizeList(left, length), FixedSizeList(right, other)) => length == other && self.values(*left, *right),
            (Map(left, value), Map(right, other)) => self.values(*left, *right) && self.values(*value, *other),
            (Result { ok, err }, Result { ok: other_ok, err: other_err }) => {
                self.optional(*ok, *other_ok) && self.optional(*err, *other_err)
            }
            (Stream(left), Stream(right)) | (Future(left), Future(right)) => self.optional(*left, *right),
            (Record(left), Record(right)) => self.named(left.fields.iter(), right.fields.iter()),
            (Variant(left), Variant(right)) => {
                left.cases.len() == right.cases.len()
                    && (left.cases.iter().zip(&right.cases))
                        .all(|((name, left), (other, right))| name == other && self.optional(*left, *right))
            }
            (Enum(left), Enum(right)) => left.0.iter().eq(right.0.iter()),
            (Flags(left), Flags(right)) => left.0.iter().eq(right.0.iter()),
            _ => false,
        }
    }

    pub(super) fn optional(&self, left: Option<ValueType>, right: Option<ValueType>) -> bool {
        match (left, right) {
            (None, None) => true,
            (Some(left), Some(right)) => self.values(left, right),
            _ => false,
        }
    }

    fn named<'n>(
        &self,
        left: impl ExactSizeIterator<Item = (&'n String, &'n ValueType)>,
        right: impl ExactSizeIterator<Item = (&'n String, &'n ValueType)>,
    ) -> bool {
        left.len() == right.len()
            && left.zip(right).all(|((name, left), (other, right))| name == other && self.values(*left, *right))
    }
}
