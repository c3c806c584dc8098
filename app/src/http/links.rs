//! Pages that links of mails and gateways lead to. Opening one changes nothing: programs open links in mails too,
//! so a person presses the button. Tokens stay in the browser until then and leave the address bar at once.

use poem::{IntoResponse, Response, handler};

use crate::http::page::Page;

const VERIFY: &str = r#"const told=document.getElementById("told"),button=document.getElementById("go");
const token=new URLSearchParams(location.hash.slice(1)).get("token")||"";
history.replaceState(null,"",location.pathname);
button.addEventListener("click",async()=>{
button.disabled=true;
try{
const answer=await fetch("/api/v1/auth/verify-email",{method:"POST",headers:{"Content-Type":"application/json"},body:JSON.stringify({token})});
told.textContent=answer.ok?"Your address is verified. You can sign in now.":"This link is not valid any more. Ask for a new one.";
}catch{told.textContent="The server cannot be reached now.";button.disabled=false;}
});"#;

const RESET: &str = r#"const told=document.getElementById("told"),form=document.getElementById("form");
const token=new URLSearchParams(location.hash.slice(1)).get("token")||"";
history.replaceState(null,"",location.pathname);
form.addEventListener("submit",async(event)=>{
event.preventDefault();
const password=document.getElementById("password").value;
try{
const answer=await fetch("/api/v1/auth/password/reset",{method:"POST",headers:{"Content-Type":"application/json"},body:JSON.stringify({token,password})});
if(answer.ok){told.textContent="Your password is changed. You can sign in now.";form.hidden=true;return;}
const problem=await answer.json();
told.textContent=problem.code==="weak_password"?problem.detail:"This link is not valid any more. Ask for a new one.";
}catch{told.textContent="The server cannot be reached now.";}
});"#;

const CONFIRM: &str = r#"const told=document.getElementById("told"),button=document.getElementById("go");
const carried=new URLSearchParams(location.hash.slice(1));
const token=carried.get("token")||"",email=carried.get("email")||"";
history.replaceState(null,"",location.pathname);
button.addEventListener("click",async()=>{
button.disabled=true;
try{
const answer=await fetch("/api/v1/auth/email/confirm",{method:"POST",headers:{"Content-Type":"application/json"},body:JSON.stringify({token,email})});
told.textContent=answer.ok?"This is the address of your account now. Sign in with it.":"This link is not valid any more. Ask for a new one.";
}catch{told.textContent="The server cannot be reached now.";button.disabled=false;}
});"#;

const SECOND_FACTOR: &str = r#"const told=document.getElementById("told"),form=document.getElementById("form");
form.addEventListener("submit",async(event)=>{
event.preventDefault();
const totp_code=document.getElementById("code").value.trim();
try{
const answer=await fetch("/api/v1/auth/google/second-factor",{method:"POST",headers:{"Content-Type":"application/json"},body:JSON.stringify({totp_code})});
if(answer.ok){location.replace("/");return;}
const problem=await answer.json();
told.textContent=problem.code==="identity_attempt_invalid"?"This took too long. Sign in again.":"This code is not right. Wait for the next one.";
}catch{told.textContent="The server cannot be reached now.";}
});"#;

/// `GET /verify-email`. The token is behind the `#`, which browsers send to nobody.
#[handler]
pub fn verify_email() -> Response {
    let body = "<p id=\"told\" role=\"status\">Press the button to prove that this address is yours.</p>\
                <button id=\"go\" type=\"button\">Verify my address</button>";
    Page { title: "Verify your address", body, script: Some(VERIFY) }.into_response()
}

/// `GET /reset-password`, with its token behind the `#`.
#[handler]
pub fn reset_password() -> Response {
    let body = "<p id=\"told\" role=\"status\">Choose a new password of at least 10 characters.</p>\
                <form id=\"form\"><label for=\"password\">New password</label><br>\
                <input id=\"password\" type=\"password\" autocomplete=\"new-password\" minlength=\"10\" required>\
                <button>Change my password</button></form>";
    Page { title: "Choose a new password", body, script: Some(RESET) }.into_response()
}

/// `GET /confirm-email`, with its token and the address behind the `#`.
#[handler]
pub fn confirm_email() -> Response {
    let body = "<p id=\"told\" role=\"status\">Press the button to make this the address of your account.</p>\
                <button id=\"go\" type=\"button\">Confirm my new address</button>";
    Page { title: "Confirm your new address", body, script: Some(CONFIRM) }.into_response()
}

/// `GET /second-factor`: where a sign-in with Google goes on that needs a code.
#[handler]
pub fn second_factor() -> Response {
    let body = "<p id=\"told\" role=\"status\">Type the code of your device, or a recovery code.</p>\
                <form id=\"form\"><label for=\"code\">Code</label><br>\
                <input id=\"code\" autocomplete=\"one-time-code\" spellcheck=\"false\" required>\
                <button>Sign in</button></form>";
    Page { title: "Second factor", body, script: Some(SECOND_FACTOR) }.into_response()
}

/// `GET /payments/return`: where a gateway sends the browser. Its return proves nothing.
#[handler]
pub fn payment_return() -> Response {
    let body = "<p>Thank you. Your wallet is credited as soon as the payment is confirmed, most often within \
                seconds. You can close this page.</p>";
    Page { title: "Payment", body, script: None }.into_response()
}
