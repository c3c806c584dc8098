//! Staff: made, given another role, removed; and the way back in without a device.

use serde_json::{Value, json};

use super::{
    super::{controls::eventually, customer::PASSWORD},
    Customer, World, id_of, login, member, newcomer, on_both, owner, patch,
};

on_both! {
    staff_is_made_by_mail_given_roles_and_removed_and_each_is_told_in_the_log,
    nobody_unmakes_himself_and_an_owner_always_stays,
    whoever_has_lost_the_device_gets_back_in_by_the_console,
}

async fn staff_is_made_by_mail_given_roles_and_removed_and_each_is_told_in_the_log(world: &World) {
    let owner = owner(world).await;
    let own = id_of(&owner.who).await;
    let made = owner.newest_line(&own).await;
    assert_eq!((&made["action"], &made["actor"]), (&json!("owner.created"), &Value::Null));

    let ada = member(world, &owner, "support").await;
    let id = id_of(&ada.who).await;
    let line = owner.newest_line(&id).await;
    assert_eq!((&line["action"], &line["actor"]["id"]), (&json!("staff.added"), &json!(own)));
    assert_eq!((&line["before"], &line["after"]), (&json!({}), &json!({ "role": "support" })));
    let again = json!({ "email": ada.who.email, "role": "owner" });
    owner.who.post("admin/staff", again).await.refused(409, "already_staff");
    let staff = owner.who.get("admin/staff").await.is(200);
    assert_eq!(staff["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&staff["data"][1]["role"], &staff["data"][1]["totp_enabled"]),
        (&json!("support"), &json!(true))
    );

    let path = format!("admin/staff/{id}");
    assert_eq!(patch(&owner.who, &path, json!({ "role": "finance" })).await.is(200)["role"], "finance");
    ada.who.get("me").await.refused(401, "unauthorized");
    let line = owner.newest_line(&id).await;
    assert_eq!(
        (&line["before"], &line["after"]),
        (&json!({ "role": "support" }), &json!({ "role": "finance" }))
    );
    ada.signs_in().await;
    ada.who.get("admin/users").await.is(200);
    ada.who.delete("me").await.refused(409, "account_not_empty");

    owner.who.delete(&path).await.is(204);
    ada.who.get("me").await.refused(401, "unauthorized");
    ada.signs_in().await;
    ada.who.get("admin/users").await.refused(403, "forbidden");
    assert_eq!(owner.newest_line(&id).await["action"], "staff.removed");
    owner.who.delete(&path).await.refused(404, "not_found");

    let bob = world.customer().await;
    let promoted =
        owner.who.post("admin/staff", json!({ "email": bob.email, "role": "operator" })).await.is(201);
    bob.get("me").await.refused(401, "unauthorized");
    bob.post("auth/login", bob.credentials()).await.refused(401, "invalid_credentials");
    let line = owner.newest_line(promoted["id"].as_str().expect("an id")).await;
    assert_eq!(line["before"], json!({ "role": "user" }));
    let verified = owner.who.get("admin/audit-log/verify").await.is(200);
    assert_eq!(verified["whole"], true);
}

async fn nobody_unmakes_himself_and_an_owner_always_stays(world: &World) {
    let first = owner(world).await;
    let own = id_of(&first.who).await;
    let path = format!("admin/staff/{own}");
    patch(&first.who, &path, json!({ "role": "support" })).await.refused(409, "own_account");
    first.who.delete(&path).await.refused(409, "own_account");
    for what in ["suspend", "force-reset", "end-sessions", "unsuspend"] {
        let path = format!("admin/users/{own}/{what}");
        let body = if what == "suspend" { json!({ "reason": "tired" }) } else { Value::Null };
        first.who.post(&path, body).await.refused(409, "own_account");
    }
    first.who.delete("me").await.refused(409, "account_not_empty");

    let second = member(world, &first, "owner").await;
    second.steps_up().await;
    let other = format!("admin/staff/{}", id_of(&second.who).await);
    let (one, two) = tokio::join!(first.who.delete(&other), second.who.delete(&path));
    let statuses = [one.status, two.status];
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    let owners = "SELECT COUNT(*) FROM users WHERE role = 'owner'";
    assert_eq!(world.books.count(owners).await, 1);
}

async fn whoever_has_lost_the_device_gets_back_in_by_the_console(world: &World) {
    let owner = owner(world).await;
    let ada = newcomer(world, &owner, "finance").await;
    let (well, told) = world.console(&["admin", "reset-factor", "--email", &ada.email]).await;
    assert!(!well, "{told}");
    let id = id_of(&owner.who).await;
    let (well, told) = world.console(&["admin", "reset-factor", "--email", &owner.who.email]).await;
    assert!(well, "{told}");
    // Another process has done it: within a second it shows here.
    eventually("the sessions have ended", || async {
        (owner.who.get("me").await.status == 401).then_some(())
    })
    .await;
    assert_eq!(login(&owner.who, "123456").await.status, 200, "the password is enough again");
    let back = Customer::stranger(&world.product);
    let credentials = json!({ "email": owner.who.email, "password": PASSWORD });
    back.take_tokens(&back.post("auth/login", credentials).await.is(200));
    back.get("admin/users").await.refused(403, "second_factor_required");
    let actions = "SELECT action FROM audit_log WHERE actor_id IS NULL ORDER BY id";
    assert_eq!(world.books.texts(actions).await, ["owner.created", "user.factor_reset"]);
    let subject = "SELECT subject_id FROM audit_log WHERE action = 'user.factor_reset'";
    assert_eq!(world.books.texts(subject).await, [id]);
}
