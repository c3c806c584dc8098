//! Service.
/// To be written.
pub struct OpenPayment;
/// To be written.
pub struct PaymentPolicy;
/// To be written.
pub struct PaymentService;
