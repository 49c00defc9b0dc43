//! Errors in the forms in which Confluence gives them.

use serde_json::{Value, json};

use crate::support::wire::Answer;

impl Answer {
    /// An error in the form of REST v2.
    pub fn v2_error(status: u16, code: &str, title: &str) -> Self {
        Self { status, ..Self::json(&json!({"errors": [{"status": status, "code": code, "title": title, "detail": Value::Null}]})) }
    }

    /// An error in the form of REST v1.
    pub fn v1_error(status: u16, message: &str) -> Self {
        let data = json!({"authorized": status != 403, "valid": true, "errors": [], "successful": false});
        Self { status, ..Self::json(&json!({"statusCode": status, "data": data, "message": message})) }
    }

    /// The gateway's and the token check's own form.
    pub fn unauthorized(message: &str) -> Self {
        Self { status: 401, ..Self::json(&json!({"code": 401, "message": message})) }
    }
}
