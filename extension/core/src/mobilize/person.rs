//! Person: who signed up, with the first of each list of addresses in columns of their own.

use std::borrow::Cow;

use serde::Deserialize;

use super::fragment::Fragment;
use super::problem::{First, Problem};
use super::value::{At, Epoch, Scalar, Text};

/// One person as one record shows them.
#[derive(Debug, Default, PartialEq)]
pub struct Person<'a> {
    /// Key, canonical by Mobilize's documentation.
    pub user_id: Option<i64>,
    /// Mobilize's older number of the person, `person_id` or else `id`; "will eventually be null".
    pub person_id: Option<i64>,
    /// When the person was created.
    pub created_date: Option<Epoch>,
    /// When the person was last changed: the version.
    pub modified_date: Option<Epoch>,
    /// First name.
    pub given_name: Text<'a>,
    /// Last name.
    pub family_name: Text<'a>,
    /// The primary address, or the first where none is marked.
    pub email_address: Text<'a>,
    /// The other addresses in their order; nothing where there is none.
    pub other_email_addresses: Option<Vec<Cow<'a, str>>>,
    /// The primary number.
    pub phone_number: Text<'a>,
    /// The other numbers.
    pub other_phone_numbers: Option<Vec<Cow<'a, str>>>,
    /// The primary postal code.
    pub postal_code: Text<'a>,
    /// The other postal codes.
    pub other_postal_codes: Option<Vec<Cow<'a, str>>>,
    /// Whether the person agreed to text messages.
    pub sms_opt_in_status: Text<'a>,
    /// Since when the organization blocks the person.
    pub blocked_date: Option<Epoch>,
    /// Why this is no row.
    pub problem: Option<Problem>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Fields<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    person_id: Scalar<'a>,
    #[serde(borrow)]
    user_id: Scalar<'a>,
    #[serde(borrow)]
    created_date: Scalar<'a>,
    #[serde(borrow)]
    modified_date: Scalar<'a>,
    #[serde(borrow)]
    given_name: Scalar<'a>,
    #[serde(borrow)]
    family_name: Scalar<'a>,
    #[serde(borrow)]
    email_addresses: Fragment<'a>,
    #[serde(borrow)]
    phone_numbers: Fragment<'a>,
    #[serde(borrow)]
    postal_addresses: Fragment<'a>,
    #[serde(borrow)]
    sms_opt_in_status: Scalar<'a>,
    #[serde(borrow)]
    blocked_date: Scalar<'a>,
}

/// An item of any of the three lists; each list has its own name for the value.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Item<'a> {
    #[serde(borrow)]
    primary: Scalar<'a>,
    #[serde(borrow)]
    address: Scalar<'a>,
    #[serde(borrow)]
    number: Scalar<'a>,
    #[serde(borrow)]
    postal_code: Scalar<'a>,
}

impl<'a> Item<'a> {
    fn value(self, key: &str) -> Scalar<'a> {
        match key {
            "number" => self.number,
            "postal_code" => self.postal_code,
            _ => self.address,
        }
    }
}

impl<'a> Person<'a> {
    /// Reads a record of the people list, which is a person as a whole.
    pub fn parse(record: &'a str) -> Self {
        Self::of(Fragment::record(record), "")
    }

    /// Reads `/person` of an attendance; nothing where it is absent or null.
    pub(super) fn of_attendance(fragment: Fragment<'a>) -> Option<Self> {
        const PERSON: &str = "/person";
        fragment.text()?;
        let fields = fragment.object(At::new(PERSON, "")).map(Option::unwrap_or_default);
        Some(Self::of(fields, PERSON))
    }

    /// The person whose fields stand at `root`.
    fn of(fields: Result<Fields<'a>, Problem>, root: &'static str) -> Self {
        let mut first = First::default();
        let Some(fields) = first.keep(fields.map(Some)) else {
            return Self { problem: first.into_problem(), ..Self::default() };
        };
        let at = |key| At::new(root, key);

        if fields.user_id.is_absent_or_null() {
            first.note(Problem::Missing { field: at("user_id").pointer(), rule: "people are keyed by it" });
        }
        let id = first.keep(fields.id.integer(at("id")));
        let (email_address, other_email_addresses) =
            addresses(fields.email_addresses, root, "email_addresses", "address", &mut first);
        let (phone_number, other_phone_numbers) =
            addresses(fields.phone_numbers, root, "phone_numbers", "number", &mut first);
        let (postal_code, other_postal_codes) =
            addresses(fields.postal_addresses, root, "postal_addresses", "postal_code", &mut first);
        Self {
            user_id: first.keep(fields.user_id.integer(at("user_id"))),
            person_id: first.keep(fields.person_id.integer(at("person_id"))).or(id),
            created_date: first.keep(fields.created_date.epoch(at("created_date"))),
            modified_date: first.keep(fields.modified_date.epoch(at("modified_date"))),
            given_name: first.keep(fields.given_name.text(at("given_name"))),
            family_name: first.keep(fields.family_name.text(at("family_name"))),
            email_address,
            other_email_addresses,
            phone_number,
            other_phone_numbers,
            postal_code,
            other_postal_codes,
            sms_opt_in_status: first.keep(fields.sms_opt_in_status.text(at("sms_opt_in_status"))),
            blocked_date: first.keep(fields.blocked_date.epoch(at("blocked_date"))),
            problem: first.into_problem(),
        }
    }
}

/// The primary value of a list and the others in their order; items without a value are passed over.
fn addresses<'a>(
    list: Fragment<'a>,
    root: &'static str,
    name: &'static str,
    key: &'static str,
    first: &mut First,
) -> (Text<'a>, Option<Vec<Cow<'a, str>>>) {
    let mut primary: Option<usize> = None;
    let mut values = Vec::new();
    let parent = [root, name].join("/");
    for (index, item) in
        first.keep(list.list::<Fragment<'a>>(At::new(root, name))).into_iter().flatten().enumerate()
    {
        let Some(item) = first.keep(item.object::<Item<'a>>(At::item(&parent, index, ""))) else {
            continue;
        };
        let is_primary =
            first.keep(item.primary.clone().boolean(At::item(&parent, index, "primary"))) == Some(true);
        let Some(value) = first.keep(item.value(key).text(At::item(&parent, index, key))) else {
            continue;
        };
        if is_primary {
            primary.get_or_insert(values.len());
        }
        values.push(value);
    }
    if values.is_empty() {
        return (None, None);
    }
    let chosen = values.remove(primary.unwrap_or(0));
    (Some(chosen), (!values.is_empty()).then_some(values))
}
