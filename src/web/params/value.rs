//! Parameters as they came, whatever way they came.

use super::BodyCharge;
use crate::error::{Error, Rule};
use zeroize::Zeroizing;

/// Brackets in a name; `secret[character_sets][symbols]` has two.
const DEEPEST: usize = 8;

/// A value as it came. Texts are wiped, since any of them may be a secret.
pub enum Value {
    Null,
    Bool(bool),
    /// Fractions are cut.
    Number(i64),
    Text(Zeroizing<String>),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// No parameters.
    pub fn empty() -> Self {
        Self::Object(Vec::new())
    }

    /// Puts a value at a name such as `secret[ttl]` or `recipient[]`; of a repeated name the last
    /// counts. A name nested deeper than that of any parameter is left out: a deep tree
    /// would overflow the stack when it is dropped.
    pub fn insert(&mut self, name: &str, value: Value) {
        if name.bytes().filter(|byte| *byte == b'[').nth(DEEPEST).is_some() {
            return;
        }
        let (first, mut rest) =
            name.split_once('[').map_or((name, ""), |(first, _)| (first, &name[first.len()..]));
        let mut place = self.member(first);
        while let Some((inner, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            rest = after;
            if inner.is_empty() {
                return place.push(value);
            }
            place = place.member(inner);
        }
        *place = value;
    }

    /// The member of this name, made if it is missing; what is no object becomes one.
    fn member(&mut self, name: &str) -> &mut Value {
        if !matches!(self, Self::Object(_)) {
            *self = Self::empty();
        }
        match self {
            Self::Object(members) => {
                let index = members.iter().position(|(key, _)| key == name).unwrap_or_else(|| {
                    members.push((name.to_owned(), Self::Null));
                    members.len() - 1
                });
                &mut members[index].1
            }
            _ => unreachable!("it was made an object just above"),
        }
    }

    fn push(&mut self, value: Value) {
        match self {
            Self::List(list) => list.push(value),
            _ => *self = Self::List(vec![value]),
        }
    }

    /// These parameters, with those of `other` over them; objects are merged member by member.
    pub fn merged(self, other: Value) -> Self {
        match (self, other) {
            (Self::Object(mut members), Self::Object(others)) => {
                // What is merged moves to the end, so that it also comes after what is named alike but
                // for its case.
                for (name, value) in others {
                    let old = members.iter().position(|(key, _)| *key == name);
                    let old = old.map(|index| members.remove(index).1);
                    members.push((name, old.unwrap_or(Self::Null).merged(value)));
                }
                Self::Object(members)
            }
            (_, other) => other,
        }
    }
}

/// The parameters of one request.
pub struct Params {
    members: Vec<(String, Value)>,
    _charge: BodyCharge,
}

impl Params {
    pub(super) fn new(value: Value, charge: BodyCharge) -> Self {
        let members = if let Value::Object(members) = value { members } else { Vec::new() };
        Self { members, _charge: charge }
    }

    /// The same with all names in lower case, for v1; of names that then coincide the last counts.
    pub fn without_case(mut self) -> Self {
        for (name, _) in &mut self.members {
            name.make_ascii_lowercase();
        }
        self
    }

    /// A text; empty and null count as unset.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for any other type.
    pub fn text(&mut self, name: &str) -> Result<Option<Zeroizing<String>>, Error> {
        Ok(self.text_or_empty(name)?.filter(|text| !text.is_empty()))
    }

    /// A text that may be empty; only null counts as unset.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for any other type.
    pub fn text_or_empty(&mut self, name: &str) -> Result<Option<Zeroizing<String>>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(Error::BadRequest("A text parameter was sent as another type")),
        }
    }

    /// A whole number, as number or as digits.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that is not all digits, [`Error::BadRequest`] for any other
    /// type.
    pub fn number(&mut self, name: &'static str) -> Result<Option<i64>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(Value::Text(text)) if text.is_empty() => Ok(None),
            Some(Value::Text(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Some(text.parse().unwrap_or(i64::MAX)))
            }
            Some(Value::Text(_)) => Err(Rule::NotANumber(name).into()),
            Some(_) => Err(Error::BadRequest("A number was sent as another type")),
        }
    }

    /// Several texts: one value, or a list. Empty ones are left out.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for any other type.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, Error> {
        let values = match self.take(name) {
            None => Vec::new(),
            Some(Value::List(list)) => list,
            Some(value) => vec![value],
        };
        let mut texts = Vec::new();
        for value in values {
            match value {
                Value::Null => {}
                Value::Text(text) if text.is_empty() => {}
                Value::Text(text) => texts.push(text.to_string()),
                _ => return Err(Error::BadRequest("A text parameter was sent as another type")),
            }
        }
        Ok(texts)
    }

    /// Whether a switch was set: `true` or `"true"`; all else is no.
    pub fn is_true(&mut self, name: &str) -> bool {
        match self.take(name) {
            Some(Value::Bool(on)) => on,
            Some(Value::Text(text)) => *text == "true",
            _ => false,
        }
    }

    /// Whether a switch that is on by itself was turned off: `false` or `"false"`.
    pub fn is_false(&mut self, name: &str) -> bool {
        match self.take(name) {
            Some(Value::Bool(on)) => !on,
            Some(Value::Text(text)) => *text == "false",
            _ => false,
        }
    }

    /// The parameters inside the object of this name, beside these.
    ///
    /// # Errors
    /// [`Error::BadRequest`] if it is there and not an object.
    pub fn inner(&mut self, name: &str) -> Result<Self, Error> {
        match self.take(name) {
            None => Ok(Self { members: Vec::new(), _charge: BodyCharge::default() }),
            Some(Value::Object(members)) => Ok(Self { members, _charge: BodyCharge::default() }),
            Some(_) => Err(Error::BadRequest("An object was sent as another type")),
        }
    }

    /// The last value of this name; null counts as unset.
    fn take(&mut self, name: &str) -> Option<Value> {
        let index = self.members.iter().rposition(|(key, _)| key == name)?;
        Some(self.members.remove(index).1).filter(|value| !matches!(value, Value::Null))
    }
}
