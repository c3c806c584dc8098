//! Service.
/// To be written.
pub struct Buy;
/// To be written.
pub struct OrderPolicy;
/// To be written.
pub struct VerificationService;
