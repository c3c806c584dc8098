//! As much of the adapters' HTTP client as their readers of answers need.

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: Status,
    pub body: Vec<u8>,
}

#[derive(Debug)]
pub struct Status(pub u16);

impl Status {
    pub const fn as_u16(&self) -> u16 {
        self.0
    }
}

impl PartialEq<u16> for Status {
    fn eq(&self, other: &u16) -> bool {
        self.0 == *other
    }
}

#[derive(Debug)]
pub enum HttpFault {
    Status { status: u16, code: Option<String> },
}

pub fn loggable_code(code: &str) -> Option<String> {
    Some(code.to_owned())
}
