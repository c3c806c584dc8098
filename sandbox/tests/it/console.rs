use serde_json::json;

use crate::given;

#[tokio::test]
async fn the_console_loads_nothing_from_elsewhere() {
    let sandbox = given::sandbox().await;
    for (path, kind) in [("/", "text/html"), ("/console.js", "text/javascript"), ("/console.css", "text/css")]
    {
        let answer = sandbox.client.get(format!("{}{path}", sandbox.base)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(kind));
        let text = answer.text().await.unwrap();
        assert!(!text.contains("//cdn") && !text.contains("https://"), "{path}");
        assert!(!text.contains("innerHTML"), "{path}");
    }
    let page = sandbox.client.get(&sandbox.base).send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
}

#[tokio::test]
async fn the_checkout_shows_its_values_as_text() {
    let sandbox = given::sandbox().await;
    let body = json!({ "email": "<b>{{callback}}\"'@shop.test", "amount": 123_456, "reference": "dep-1",
        "callback_url": "javascript:alert(1)" });
    assert_eq!(sandbox.ps_post("/transaction/initialize", body).await.status, 200);
    let page = sandbox.client.get(format!("{}/checkout/dep-1", sandbox.base)).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("NGN 1234.56"));
    assert!(page.contains("&lt;b&gt;&#123;&#123;callback&#125;&#125;&quot;&#39;@shop.test"));
    assert!(!page.contains("javascript:"));
    assert_eq!(sandbox.get("/checkout/none").await.status, 404);
}
