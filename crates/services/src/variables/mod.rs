//! Variables of apps: values that guests read by name, from wherever they are kept.

/// The variables of one guest.
#[derive(Debug, Default)]
pub struct Variables {}

/// Why a variable has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// The name could not be one.
    #[error("`{0}` is not the name of a variable: lower-case letters, digits and single underscores")]
    InvalidName(String),
    /// There is none of this name.
    #[error("no variable is called `{0}`")]
    Undefined(String),
    /// Where it is kept could not be asked.
    #[error("{0}")]
    Provider(String),
}

impl Variables {
    /// The value of the variable called `name`.
    ///
    /// # Errors
    /// See [`VariableError`].
    pub async fn get(&self, name: &str) -> Result<String, VariableError> {
        Err(VariableError::Undefined(name.to_owned()))
    }

    /// All of them with their values, in the order of their names.
    ///
    /// # Errors
    /// That of the first whose value could not be had.
    pub async fn all(&self) -> Result<Vec<(String, String)>, VariableError> {
        Ok(Vec::new())
    }
}
