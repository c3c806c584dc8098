//! Who asks is staff, and is permitted what the handler does: the gate of the admin API.
//!
//! `Staff<may::Adjust>` in the signature of a handler says what it takes; `Staff<SteppedUp<may::Adjust>>` that it takes
//! a step-up as well. No admin handler is without one.

use std::{marker::PhantomData, net::IpAddr};

use namaskah_domain::staff::{Actor, Ask, Permission, Proof};
use poem::{Request, RequestBody, Result};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, registry::Registry};

use crate::http::{
    auth_scheme::{Gate, SignedIn, admit},
    middleware::{ClientAddress, RequestId},
    problem::Problem,
};

/// What a handler asks of staff.
pub trait Needs: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
    /// What must have been shown.
    const PROOF: Proof;
}

/// The same permission, and a step-up: for money, staff and settings.
pub struct SteppedUp<P>(PhantomData<P>);

impl<P: Needs> Needs for SteppedUp<P> {
    const PERMISSION: Permission = P::PERMISSION;
    const PROOF: Proof = Proof::StepUp;
}

/// Permissions as types, for signatures.
pub mod may {
    use super::{Needs, Permission, Proof};

    macro_rules! permissions {
        ($($name:ident)*) => {$(
            #[doc = concat!("See [`Permission::", stringify!($name), "`].")]
            pub struct $name;
            impl Needs for $name {
                const PERMISSION: Permission = Permission::$name;
                const PROOF: Proof = Proof::SignIn;
            }
        )*};
    }

    permissions! {
        UsersRead UsersManage OrdersRead OrdersCancel PaymentsRead Refund Suspense Adjust Approve Reconcile
        Providers Pricing Services Tickets Jobs Stats Exports Audit Staff Settings
    }
}

/// A page elsewhere that makes a browser of staff read something would write to the log in its name, and keep it from
/// being idle. So what a browser marks as coming from there is nobody's, whichever the method.
fn is_from_another_site(request: &Request) -> bool {
    request.header("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// Staff that was let through the gate for `P`.
pub struct Staff<P>(pub Actor, PhantomData<fn() -> P>);

impl<P> Staff<P> {
    /// Who, as the audit log names it.
    pub const fn actor(&self) -> &Actor {
        &self.0
    }
}

impl<'a, P: Needs> ApiExtractor<'a> for Staff<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        SignedIn::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        SignedIn::security_schemes()
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let gate = request.data::<Gate>();
        if gate.is_some_and(|gate| !gate.site().is_staffs(request)) {
            return Err(Problem::not_found().into());
        }
        let (visitor, cookie) = admit(request)?;
        if cookie.is_some() && is_from_another_site(request) {
            return Err(Problem::unauthorized().into());
        }
        let client = request.data::<ClientAddress>().map(|client| client.0);
        let (Some(gate), Some(from)) = (gate, client) else {
            return Err(Problem::fault(500, "internal", "no gate on this route").into());
        };
        let ask = Ask { permission: P::PERMISSION, proof: P::PROOF, from: IpAddr::to_canonical(&from) };
        let name = RequestId::of(request).as_str().to_owned();
        let actor = gate.staff().admit(visitor, ask, name).await.map_err(Problem::from)?;
        Ok(Self(actor, PhantomData))
    }
}
