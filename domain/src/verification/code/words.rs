//! The words around codes, in the languages that services write in. All in lower case.

/// Words that announce a code where words are set apart by spaces.
const CUES: [&str; 34] = [
    "code",
    "codes",
    "otp",
    "pin",
    "password",
    "passcode",
    "token",
    "verification",
    "código",
    "codigo",
    "codice",
    "cod",
    "codul",
    "clave",
    "contraseña",
    "senha",
    "mot",
    "passwort",
    "tan",
    "koodi",
    "mã",
    "sandi",
    "şifre",
    "şifreniz",
    "пин",
    "пін",
    "пароль",
    "пароля",
    "κωδικός",
    "κωδικος",
    "pins",
    "otps",
    "tac",
    "קוד",
];
/// How words begin that take endings: `kodu`, `кода`.
const CUE_STEMS: [&str; 7] = ["kod", "kód", "код", "κωδικ", "парол", "şifre", "الرمز"];
/// How compounds end: `Sicherheitscode`.
const CUE_ENDS: [&str; 5] = ["code", "kode", "koodi", "kod", "codes"];
/// Cues of scripts that glue words or endings together; found anywhere within a run of letters.
const GLUED_CUES: [&str; 30] = [
    "验证码",
    "驗證碼",
    "校验码",
    "校驗碼",
    "动态码",
    "確認碼",
    "确认码",
    "安全码",
    "认证码",
    "認證碼",
    "登录码",
    "密码",
    "密碼",
    "口令",
    "コード",
    "番号",
    "パスワード",
    "인증번호",
    "코드",
    "비밀번호",
    "번호",
    "รหัส",
    "رمز",
    "كود",
    "کد",
    "कोड",
    "ओटीपी",
    "पिन",
    "কোড",
    "קוד",
];
/// What makes a "code" of another kind: `promo code`.
const OTHER_CODES: [&str; 17] = [
    "promo", "discount", "coupon", "voucher", "referral", "zip", "area", "country", "postal", "post", "bar",
    "qr", "dress", "tracking", "gift", "sort", "product",
];
/// What stands between a cue and its code.
const LINKS: [&str; 39] = [
    "is",
    "are",
    "as",
    "es",
    "est",
    "ist",
    "é",
    "è",
    "e",
    "este",
    "jest",
    "là",
    "adalah",
    "ialah",
    "это",
    "є",
    "är",
    "er",
    "on",
    "je",
    "lautet",
    "هو",
    "هي",
    "है",
    "คือ",
    "为",
    "為",
    "是",
    "は",
    "는",
    "은",
    "είναι",
    "हैं",
    "now",
    "below",
    "olan",
    "ของคุณคือ",
    "here",
    "הוא",
];
/// Verbs that tell the reader to type what follows.
const VERBS: [&str; 16] = [
    "use",
    "enter",
    "type",
    "input",
    "saisissez",
    "utilisez",
    "введите",
    "используйте",
    "ingresa",
    "ingrese",
    "usa",
    "use:",
    "utiliza",
    "gunakan",
    "masukkan",
    "insira",
];
/// Words whose number is a name for a thing or a place to write to.
const LABELS: [&str; 46] = [
    "account",
    "acct",
    "order",
    "invoice",
    "ref",
    "reference",
    "ending",
    "ends",
    "card",
    "stop",
    "help",
    "to",
    "from",
    "for",
    "at",
    "until",
    "till",
    "since",
    "in",
    "by",
    "before",
    "call",
    "phone",
    "tel",
    "dial",
    "text",
    "sms",
    "balance",
    "ticket",
    "booking",
    "flight",
    "room",
    "case",
    "contact",
    "number",
    "transaction",
    "txn",
    "parcel",
    "total",
    "заказ",
    "счёт",
    "счет",
    "pedido",
    "cuenta",
    "commande",
    "compte",
];
/// The same where words are glued.
const GLUED_LABELS: [&str; 12] = [
    "订单",
    "订单号",
    "尾号",
    "卡号",
    "账户",
    "账号",
    "客服",
    "热线",
    "电话",
    "退订",
    "订单号为",
    "주문번호",
];
/// Words that may stand between such a word and its number.
const FILLERS: [&str; 9] = ["no", "number", "nr", "num", "id", "in", "is", "was", "us"];
const CURRENCIES: [&str; 30] = [
    "usd",
    "eur",
    "ngn",
    "gbp",
    "inr",
    "rs",
    "rub",
    "руб",
    "рублей",
    "kr",
    "zł",
    "tl",
    "dollar",
    "dollars",
    "euro",
    "euros",
    "naira",
    "pounds",
    "cny",
    "jpy",
    "krw",
    "idr",
    "rp",
    "brl",
    "kes",
    "ghs",
    "zar",
    "aed",
    "points",
    "credits",
];
const GLUED_CURRENCIES: [&str; 6] = ["元", "円", "원", "บาท", "積分", "积分"];
const UNITS: [&str; 34] = [
    "min",
    "mins",
    "minute",
    "minutes",
    "minuten",
    "minutos",
    "minuti",
    "minut",
    "мин",
    "минут",
    "sec",
    "secs",
    "seconds",
    "second",
    "h",
    "hr",
    "hrs",
    "hour",
    "hours",
    "day",
    "days",
    "am",
    "pm",
    "km",
    "kg",
    "gb",
    "mb",
    "st",
    "nd",
    "rd",
    "th",
    "s",
    "m",
    "p",
];
const GLUED_UNITS: [&str; 8] = ["分", "秒", "小时", "时", "天", "년", "年", "분"];

/// Characters that say money or a share.
pub(super) const MONEY_MARKS: [char; 10] = ['$', '€', '£', '₦', '¥', '₹', '₽', '₩', '%', '₺'];

/// What follows the cue within its run of letters, if `word` holds a cue; empty if the cue ends it.
pub(super) fn after_cue(word: &str) -> Option<&str> {
    let glued = GLUED_CUES.iter().filter_map(|cue| word.rfind(cue).map(|at| at + cue.len())).max();
    let whole = CUES.contains(&word)
        || CUE_STEMS.iter().any(|stem| word.starts_with(stem))
        || CUE_ENDS.iter().any(|end| word.ends_with(end)) && !is_other_code(word);
    if whole { Some("") } else { glued.map(|end| &word[end..]) }
}

/// `promo`, `zipcode`: a code, but none to verify with.
pub(super) fn is_other_code(word: &str) -> bool {
    OTHER_CODES.contains(&word.strip_suffix("code").unwrap_or(word))
}

/// True for a word that joins a cue to its code, or a run of letters that ends in one.
pub(super) fn is_link(word: &str) -> bool {
    LINKS.contains(&word) || LINKS.iter().any(|link| is_glued(link) && word.ends_with(link))
}

/// True for a verb that asks to type something.
pub(super) fn is_verb(word: &str) -> bool {
    VERBS.contains(&word)
}

/// True for a word that says what account, order, place or time a number is.
pub(super) fn is_label(word: &str) -> bool {
    LABELS.contains(&word) || GLUED_LABELS.iter().any(|label| word.ends_with(label))
}

/// True for a word that may stand between a label and its number.
pub(super) fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word)
}

/// True for a currency's name.
pub(super) fn is_currency(word: &str) -> bool {
    CURRENCIES.contains(&word) || GLUED_CURRENCIES.iter().any(|name| word.starts_with(name))
}

/// True for what a count is of: minutes, days, kilometres.
pub(super) fn is_unit(word: &str) -> bool {
    UNITS.contains(&word) || GLUED_UNITS.iter().any(|unit| word.starts_with(unit))
}

/// True for a word of a script that does not set words apart.
fn is_glued(word: &str) -> bool {
    word.chars()
        .all(|c| matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'))
}
