//! One value, from a file or from a line of text, read as what a setting needs.

use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::units;

/// A value as given, before its setting says what it has to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'v> {
    pub value: Value<'v>,
    /// What relative paths are relative to.
    pub base: &'v Path,
}

/// Where a value comes from decides how strict its type is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'v> {
    /// TOML says itself what is a number and what is text.
    Toml(&'v DeValue<'v>),
    /// A variable or an option is text whatever it means.
    Text(&'v str),
}

impl Given<'_> {
    pub fn text(&self) -> Result<String, String> {
        match self.value {
            Value::Toml(DeValue::String(text)) => Ok(text.to_string()),
            Value::Text(text) => Ok(text.to_owned()),
            Value::Toml(other) => Err(format!("needs text in quotes, not {}", described(other))),
        }
    }

    pub fn boolean(&self) -> Result<bool, String> {
        match self.value {
            Value::Toml(DeValue::Boolean(flag)) => Ok(*flag),
            Value::Text("true") => Ok(true),
            Value::Text("false") => Ok(false),
            Value::Text(text) => Err(format!("needs `true` or `false`, not `{text}`")),
            Value::Toml(other) => Err(format!("needs true or false, not {}", described(other))),
        }
    }

    pub fn count(&self) -> Result<u64, String> {
        match self.value {
            Value::Toml(DeValue::Integer(number)) => u64::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| format!("needs a whole number from 0, not {number}")),
            Value::Text(text) => text.parse().map_err(|_| format!("needs a whole number from 0, not `{text}`")),
            Value::Toml(other) => Err(format!("needs a whole number, not {}", described(other))),
        }
    }

    pub fn number(&self) -> Result<f32, String> {
        let parsed = match self.value {
            Value::Toml(DeValue::Integer(number)) => number.as_str().parse::<f32>().ok(),
            Value::Toml(DeValue::Float(number)) => number.as_str().replace('_', "").parse().ok(),
            Value::Text(text) => text.parse().ok(),
            Value::Toml(_) => None,
        };
        parsed.filter(|number| number.is_finite()).ok_or_else(|| "needs a number".to_owned())
    }

    pub fn duration(&self) -> Result<std::time::Duration, String> {
        if let Value::Toml(DeValue::Integer(number)) = self.value {
            return Err(format!("has no unit: write \"{number}s\" for seconds, \"{number}m\" for minutes"));
        }
        units::parse_duration(&self.text()?)
    }

    pub fn size(&self) -> Result<u64, String> {
        if let Value::Toml(DeValue::Integer(number)) = self.value {
            return Err(format!("has no unit: write \"{number}B\" for bytes, \"{number}MiB\" for mebibytes"));
        }
        units::parse_size(&self.text()?)
    }

    pub fn path(&self) -> Result<PathBuf, String> {
        Ok(self.base.join(self.text()?))
    }

    /// Returns a list of texts; in one line of text, commas part them.
    pub fn list(&self) -> Result<Vec<String>, String> {
        match self.value {
            Value::Toml(DeValue::Array(items)) => {
                items.iter().map(|item| Given { value: Value::Toml(item.get_ref()), ..*self }.text()).collect()
            }
            Value::Text(text) => {
                Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
            }
            Value::Toml(other) => Err(format!("needs a list such as [\"a\", \"b\"], not {}", described(other))),
        }
    }
}

/// Names the type of a TOML value with its article.
pub(super) fn described(value: &DeValue<'_>) -> String {
    match value.type_str() {
        kind @ ("integer" | "array") => format!("an {kind}"),
        kind => format!("a {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml_value(text: &str, check: impl Fn(Given<'_>)) {
        let value = DeValue::parse(text).expect("TOML");
        check(Given { value: Value::Toml(value.get_ref()), base: Path::new("/etc") });
    }

    fn plain(text: &str) -> Given<'_> {
        Given { value: Value::Text(text), base: Path::new("/etc") }
    }

    #[test]
    fn a_file_is_strict_about_types() {
        toml_value("\"8\"", |given| assert!(given.count().is_err()));
        toml_value("0x10", |given| assert_eq!(given.count(), Ok(16)));
        toml_value("-1", |given| assert!(given.count().is_err()));
        toml_value("30", |given| assert!(given.duration().is_err_and(|message| message.contains("\"30s\""))));
        toml_value("\"true\"", |given| assert!(given.boolean().is_err()));
        toml_value("[\"a\", 1]", |given| assert!(given.list().is_err()));
        toml_value("1_000.5", |given| assert_eq!(given.number(), Ok(1000.5)));
        toml_value("nan", |given| assert!(given.number().is_err()));
    }

    #[test]
    fn a_variable_is_read_as_what_the_setting_needs() {
        assert_eq!(plain("8").count(), Ok(8));
        assert_eq!(plain("false").boolean(), Ok(false));
        assert!(plain("no").boolean().is_err());
        assert_eq!(plain("a, b,,").list(), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(plain("x.toml").path(), Ok(PathBuf::from("/etc/x.toml")));
    }
}
