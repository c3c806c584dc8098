//! Texts as services write them, and what is read in them.

use super::*;
use proptest::prelude::*;

mod choosing;
mod letters;
mod links;
mod numbers;

fn code(text: &str) -> Option<String> {
    Code::find_in(text).map(|c| c.0)
}

/// The texts that are read otherwise than expected, with what is read in them.
fn misread<'a>(cases: &[(&'a str, &str)]) -> Vec<(&'a str, Option<String>)> {
    let read = cases.iter().map(|(text, expected)| (*text, *expected, code(text)));
    read.filter(|(_, expected, found)| found.as_deref() != Some(*expected))
        .map(|(text, _, found)| (text, found))
        .collect()
}

#[test]
fn codes_of_real_services_are_read() {
    let cases = [
        ("Your WhatsApp code: 806-185\nDon't share this code", "806185"),
        ("Your WhatsApp code is 806-185", "806185"),
        ("G-123456 is your Google verification code.", "123456"),
        ("FB-48291 is your Facebook code", "48291"),
        ("Your code is 482913", "482913"),
        ("Telegram code: 12345. You can also tap on this link: https://t.me/login/12345", "12345"),
        ("Use 123 456 to verify your account", "123456"),
        ("Your verification code is: 12 34 56", "123456"),
        ("[TikTok] 4821 is your verification code, valid for 5 minutes.", "4821"),
        ("Your code is A1B2C3", "A1B2C3"),
        ("code:123456", "123456"),
        ("code:123 456.", "123456"),
        ("Tu código es 778899.", "778899"),
        ("1234", "1234"),
        ("Your Uber code is 7391. Never share it. Reply STOP to 89203 to unsubscribe", "7391"),
        ("You requested $1500 to be sent. Confirm with code 902114", "902114"),
        ("Call +12223334444 or use 55821", "55821"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn a_text_without_a_code_has_none() {
    let texts = [
        "",
        "Hello, how are you?",
        "Your order ships at 12:30",
        "Call us at +12223334444",
        "You paid $1500",
        "https://example.com/123456",
        "Welcome to Signal!",
        "12",
    ];
    let taken: Vec<_> = texts.into_iter().filter_map(|text| Some((text, code(text)?))).collect();
    assert_eq!(taken, []);
}

/// Those of `texts` that a code is read in, with it.
fn read_in<'a>(texts: &[&'a str]) -> Vec<(&'a str, String)> {
    texts.iter().filter_map(|text| Some((*text, code(text)?))).collect()
}

#[test]
fn a_providers_reading_loses_its_separators() {
    for (text, expected) in [("806-185", "806185"), ("G-123456", "123456"), (" 12 34 56 ", "123456")] {
        assert_eq!(Code::try_new(text).map(|c| c.0).as_deref(), Some(expected));
    }
    for text in ["", "123", "12345678901", "abcd", "12é456"] {
        assert_eq!(Code::try_new(text), None, "{text}");
    }
}

#[test]
fn debug_hides_the_code() {
    assert_eq!(format!("{:?}", Code::try_new("482913")), "Some(Code(…))");
}

#[test]
fn codes_are_read_in_many_languages() {
    let cases = [
        ("您的 WhatsApp 验证码：806-185", "806185"),
        ("【X】验证码482913，请勿泄露", "482913"),
        ("【腾讯】482913是您的验证码,10分钟内有效", "482913"),
        ("验证码：482913,10分钟内有效。", "482913"),
        ("尾号1234的账户，验证码为778899，如非本人操作请致电95588", "778899"),
        ("您的驗證碼是 ４８２９１３", "482913"),
        ("認証コード：482913 を入力してください", "482913"),
        ("LINEの認証番号は 4829 です。", "4829"),
        ("[카카오] 인증번호는 [482913] 입니다.", "482913"),
        ("인증번호 482913을 입력해 주세요", "482913"),
        ("รหัสยืนยันของคุณคือ 482913", "482913"),
        ("รหัส OTP ของคุณ 482913 (Ref: ABCD)", "482913"),
        ("رمز التحقق الخاص بك هو ٤٨٢٩١٣", "482913"),
        ("رمز واتساب: \u{200f}806-185", "806185"),
        ("आपका ओटीपी ४८२९१३ है", "482913"),
        ("482913 आपका कोड है। किसी से साझा न करें।", "482913"),
        ("Ваш код:482913. Никому не сообщайте", "482913"),
        ("Код482913 для входа", "482913"),
        ("Код подтверждения для заказа 55667788: 4829", "4829"),
        ("Ваш пин 4829", "4829"),
        ("Tu código de verificación de Uber es 4829", "4829"),
        ("Seu código é 482-913", "482913"),
        ("Votre code de vérification est le 482913", "482913"),
        ("Ihr Sicherheitscode lautet 482913 und ist 10 Minuten gültig", "482913"),
        ("Il tuo codice è 48291", "48291"),
        ("Doğrulama kodunuz: 482913", "482913"),
        ("Mã xác minh của bạn là 482913", "482913"),
        ("Kode verifikasi Anda adalah 4829", "4829"),
        ("Ο κωδικός σας είναι 482913", "482913"),
        ("קוד האימות שלך הוא 482913", "482913"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn a_code_is_told_from_the_numbers_around_it() {
    let cases = [
        ("code=482913", "482913"),
        ("OTP482913", "482913"),
        ("Code:123456.Do not share", "123456"),
        ("code for account 12345678 is 4455", "4455"),
        ("Your code is 123456789", "123456789"),
        ("Use 1234567890 as your login code", "1234567890"),
        ("Your code is 2026", "2026"),
        ("2026 is your verification code. (c) 2025", "2026"),
        ("<#> 482913 is your code FA+9qCX9VSu", "482913"),
        ("Your X code is 482913.\n\n@example.com #482913", "482913"),
        ("*482913* is your code. For your security, do not share it.", "482913"),
        ("482913 is your code.\n4025 Google LLC", "482913"),
        ("OTP for INR 5000.00 on card ending 1234 is 482913, valid till 12:30 on 12-05-2026", "482913"),
        ("Your verification code\n\n482913\n\nIt expires in 10 minutes", "482913"),
        ("Your order 48291: confirm with PIN 7788", "7788"),
        ("Your code is 1 2 3 4 5 6", "123456"),
        ("Your code is 482913, call 0803 123 4567 for help", "482913"),
        ("Steam code: R4K2P", "R4K2P"),
        ("Your login code is A1B2-C3D4", "A1B2C3D4"),
        ("G-123456", "123456"),
        ("Your login code for your account no id nr 482913", "482913"),
    ];
    assert_eq!(misread(&cases), []);
}

#[test]
fn a_number_that_is_plainly_something_else_is_no_code() {
    let texts = [
        "Reply STOP to 89203 to unsubscribe",
        "Text HELP to 89203 for help",
        "2026",
        "Happy new year 2026!",
        "See you on 12-05-2026 or 2026-05-13",
        "Meet on 12/05/2026 at 14:30",
        "Your order 48291 has shipped",
        "Your order number is 48291",
        "Call 206-555-0123 or (206) 555-0123",
        "Call 0803 123 4567",
        "NGN 5000 was paid. Balance: 15000 naira",
        "You won 5000 USD, or Rs.4500",
        "Only ₦15,000.00 this week",
        "Card ****1234 was charged",
        "Save with promo code SAVE2026",
        "Flight BA2490 departs soon",
        "Your invoice INV-20391 is ready",
        "Update your pin before 2026",
        "回复TD退订10086",
        "您的订单号48291已发货",
        "2026年5月12日",
        "Your code is on its way",
        "Do not share your code with anyone. Reply STOP to 89203",
        "See https://example.com/code/482913",
        "Your code is at log-in.example/482913",
        "Your code is at www2.example.com/482913",
        "Your code was sent to +1 555 4829",
        "Enter 2026",
        "Use SAVE20",
    ];
    let taken: Vec<_> = texts.into_iter().filter_map(|text| Some((text, code(text)?))).collect();
    assert_eq!(taken, []);
}

const TEMPLATES: [&str; 20] = [
    "Your code is {}",
    "Your WhatsApp code: {}. Don't share it.",
    "{} is your verification code.",
    "G-{} is your Google verification code.",
    "code={}",
    "OTP{} for your login",
    "[X] Use {} as your one-time password",
    "【X】验证码{}，请勿泄露",
    "【X】{}是您的验证码，5分钟内有效",
    "認証コード：{}",
    "인증번호는 [{}] 입니다.",
    "รหัสยืนยันของคุณคือ {}",
    "رمز التحقق هو {}",
    "आपका ओटीपी {} है",
    "Ваш код: {}. Никому не сообщайте.",
    "Tu código de verificación es {}.",
    "Votre code est {}",
    "Ihr Sicherheitscode lautet {}",
    "Doğrulama kodunuz: {}",
    "Mã xác minh của bạn là {}",
];

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*") {
        let _ = Code::find_in(&text);
    }

    #[test]
    fn whatever_is_found_is_a_code(text in "[0-9A-Za-z :.-]{0,40}") {
        if let Some(code) = Code::find_in(&text) {
            prop_assert!((MIN..=MAX).contains(&code.0.len()));
            prop_assert!(code.0.bytes().any(|b| b.is_ascii_digit()));
        }
    }

    #[test]
    fn every_code_in_every_template_is_found(number in "[0-9]{4,8}", template in 0..TEMPLATES.len()) {
        let text = TEMPLATES[template].replace("{}", &number);
        prop_assert_eq!(code(&text), Some(number), "{}", text);
    }

    #[test]
    fn a_year_in_every_template_is_found(year in 1900..2100_u32, template in 0..TEMPLATES.len()) {
        let text = TEMPLATES[template].replace("{}", &year.to_string());
        prop_assert_eq!(code(&text), Some(year.to_string()), "{}", text);
    }
}
