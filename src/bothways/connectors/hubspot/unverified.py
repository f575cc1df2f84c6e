"""What the connector takes for true of HubSpot without having seen it, as data.

No real account was reached when it was written. A fact that HubSpot's documentation does not promise is marked [K] in
the docstring of ``where``, the constant or function that goes by it; the others are ``documented``. ``deep`` checks
those that a program can check; the rest is checked by hand. ``docs/apps/hubspot.md`` shows all of them.
"""

from bothways.connectors.hubspot.documented import DOCUMENTED, Fact

UNPROMISED = (
    Fact(
        "index-lag",
        "Search shows a saved record within two minutes.",
        "facts.INDEX_LAG",
        "Safe: every poll reaches back three minutes, and every five minutes half an hour. What is shown later still "
        "is found by the sweep, so changes come late, and are not lost.",
        "Make a contact, note the time, and search for it by its record id over the API until it is found.",
    ),
    Fact(
        "look-back",
        "Search shows every saved record within half an hour.",
        "facts.LOOK_BACK",
        "Safe: the sweep lists all records from HubSpot's own store and reads those whose date of modification moved.",
        "After an import of some thousand contacts, search for those modified since, every few minutes, and note when "
        "the number stands still.",
    ),
    Fact(
        "search-by-id",
        "A search compares and sorts ids of records as numbers.",
        "listing._search_page",
        "Seen at once: polls break off and say so, and nothing counts as read that was not.",
        'Search contacts with the sort {"propertyName": "hs_object_id", "direction": "ASCENDING"}: ids must only grow.',
    ),
    Fact(
        "listing-by-id",
        "A listing has every record that is there all the time once, in the order of ids.",
        "api.Api.page",
        "A record that the first listing passes over could be made again, unless its address is unique. The daily "
        "walk finds it, and nothing counts as deleted that HubSpot does not say is.",
        "GET two pages of contacts with limit=10: ids must only grow.",
    ),
    Fact(
        "gone-property",
        "A property that there is none of, or no longer, is passed over where records are read, not shown as empty.",
        "api.Api.require",
        "The values of a property that was deleted count as empty. An empty value clears nothing in the other app, "
        "unless a sync says when_empty: clear.",
        "Delete a property of your own, and GET a contact with it among properties=: it must not be in the answer.",
    ),
    Fact(
        "search-counts-twice",
        "A search counts in the ten-second limit of all calls as well as in that of searches.",
        "facts.LIMITS",
        "Safe: if it does not, Bothways is a little slower than it need be.",
        "Compare X-HubSpot-RateLimit-Remaining of two calls that are no searches, with three searches between them.",
    ),
    Fact(
        "journal-limits",
        "The webhooks journal takes a hundred calls a second, and fifty about its subscriptions.",
        "facts.LIMITS",
        "Safe: a refused call (429) is made again after a wait.",
        "Look at X-HubSpot-RateLimit-Max of an answer of the journal.",
    ),
    Fact(
        "longest-query",
        "A listing whose query has 2,000 characters is answered.",
        "facts.LONGEST_QUERY",
        "Seen at once: the first listing of an object with many mapped properties fails with HTTP 414, and nothing is "
        "written.",
        "List contacts with a query of 2,000 characters: ?limit=1&properties=email,email,...",
    ),
    Fact(
        "concurrency",
        "Four calls at a time are all answered.",
        "facts.CONCURRENCY",
        "Safe: a refused call (429) is sent again after a wait.",
        "Send four calls at once, and look for 429 among the answers.",
    ),
    Fact(
        "longest-text",
        "A text property holds 65,536 characters, and no more.",
        "facts.LONGEST_TEXT",
        "Safe: a longer text is cut, and the plan says so. If less is held, the text is refused and an issue of its "
        "record; if more, texts are cut without need.",
        "Paste 65,536 characters into a multi-line text property of a contact, save, and then one more.",
    ),
    Fact(
        "stage-stays",
        "A lifecycle stage that is to go back is answered with success and stays as it is.",
        "facts.FORWARD_ONLY",
        "Safe: Bothways does not send a stage that would go back, and holds the field. If HubSpot takes it, that is "
        "without need.",
        "Set a contact's stage to Lead, then PATCH it to Subscriber over the API, and look at status and stage.",
    ),
    Fact(
        "merged-ids",
        'A record lists the ids that were merged into it in hs_merged_object_ids, parted by ";".',
        "facts.MERGED_IDS",
        "Safe: an id that was merged is then asked for by itself, which tells the same, costs a call, and may be a day "
        "later.",
        "Merge two contacts and read hs_merged_object_ids of the one that is left.",
    ),
    Fact(
        "merged-ids-resolve",
        "Read by the id of a record that was merged, HubSpot answers with the record that it became, in a batch too.",
        "reading._by_asked",
        "Safe: an id that a batch passes over, or does not know, is asked for by itself, which costs a call. That the "
        "answer is then the record that it became is documented.",
        "Merge two contacts and POST both old ids to batch/read.",
    ),
    Fact(
        "reads-are-fresh",
        "Read by its id, or by its address, or in a listing, a record shows what was saved last.",
        "reading._batch",
        "An edit that was made in HubSpot a moment before could be overwritten, and is seen in the property's history. "
        "A create of unknown outcome is refused as a duplicate, where its address or our mark is unique.",
        "PATCH a contact over the API, and POST its id to batch/read at once.",
    ),
    Fact(
        "other-emails",
        'A contact is found by its further addresses, and lists them in hs_additional_emails, parted by ";".',
        "facts.OTHER_EMAILS",
        "Safe: the create of a contact whose address is somebody's further address is refused with that one's id, by "
        "which the two are matched, or wait for you.",
        "Merge two contacts with different addresses, and read the one that is left by the address it lost "
        "(idProperty=email).",
    ),
    Fact(
        "not-carried-out",
        "A write that is answered with 423 or 477 was not carried out.",
        "facts.NOT_CARRIED_OUT",
        "Safe for updates and deletions, which may be sent twice. A create might be there twice, unless its address is "
        "unique.",
        "It cannot be brought about. If it comes (the log names the status), look whether the record is there.",
    ),
    Fact(
        "oauth-paths",
        "The OAuth paths of this version take the forms of RFC 6749, 7009 and 7662.",
        "facts.OAUTH",
        "Seen at once: nobody can sign in by OAuth. A token or a service key does not need them.",
        "Connect an account by OAuth, and disconnect it: HubSpot must no longer list the app among the connected ones.",
    ),
    Fact(
        "numbered-paths",
        "By the numbered version (v3), OAuth and the limits of an account are found at the paths that we name.",
        "paths._PATHS",
        "Seen at once: signing in fails. Connect with a version by date, which is what is used by itself.",
        "Connect an account by OAuth with api_version: v3.",
    ),
    Fact(
        "association-touches",
        "A contact counts as modified when it is associated with a company.",
        "facts.CAPABILITIES",
        "Safe: nothing relies on it. If it is not so, an association that somebody sets is noticed by the sweep, and "
        "not within minutes.",
        "Note a contact's Last Modified Date, associate it with a company, and look at the date again.",
    ),
    Fact(
        "own-writes",
        "The history of a property says INTEGRATION or SYNC of what a connected program wrote, and tells which one.",
        "writers.PRODUCTS",
        "Safe: a program that fights over a field is then not named, and who else writes is not told before a sync is "
        "turned on.",
        "Write a property over the API, and read it with propertiesWithHistory: see sourceType and sourceId.",
    ),
    Fact(
        "own-number",
        "The history names an app that wrote over the API by the number that it has among apps.",
        "writers._source",
        "Safe: our number is believed where a history has it. Else a program is not named where our own write stands.",
        "Write a property with a token of an app, and read it with propertiesWithHistory: see sourceId.",
    ),
    Fact(
        "workflow-writes",
        "The history of a property says AUTOMATION or WORKFLOW of what a workflow of the account wrote.",
        "writers.WORKFLOWS",
        "Safe: a workflow that fights over a field is then not named.",
        "Let a workflow set a property of a contact, and read it with propertiesWithHistory: see sourceType.",
    ),
    Fact(
        "labels-add-up",
        "Labels that are set on an association are added to those that hang there.",
        "associating._change_of",
        "Safe: the labels that hang there are read right before and sent as well, so either way they stay.",
        "Associate a contact with a company by one label, then by another over the API, and look whether both hang.",
    ),
    Fact(
        "associations-at-once",
        "What is associated over the API is shown as associated at once.",
        "associating.write",
        "Safe: what is not shown yet counts as refused, or as taken away by somebody meanwhile; the record is read "
        "again before anything is written, and is then in step.",
        "Associate a contact with a company over the API, and POST its id to the batch/read of associations at once.",
    ),
    Fact(
        "nothing-is-told",
        "Asked for the associations of a record that has none, HubSpot names it in an error row.",
        "associations._told_empty",
        "Safe: a record of which nothing is said is asked for once more by itself, which costs a call.",
        "POST the id of a company without contacts to the batch/read of associations.",
    ),
    Fact(
        "own-companies",
        "An account can be set to give a new contact the company of its domain as primary one, made if need be.",
        "associating.read_back",
        "Safe: what came of itself is read back and taken for an edit made in HubSpot.",
        "See Settings > Objects > Companies, the box on creating and associating companies with contacts.",
    ),
    Fact(
        "emails-lower-case",
        "HubSpot keeps addresses in lower case.",
        "values.email_key",
        "Safe: addresses are compared without regard to case, so differing case is no difference.",
        "Make a contact with an address in capitals over the API, and read it.",
    ),
    Fact(
        "no-address-is-refused",
        "A look-up of what is no address is refused with 400, or finds nothing.",
        "reading._lookup",
        "Seen at once: a run that looks up such a value ends with its status; nothing is written.",
        'POST "no address" to batch/read with idProperty=email.',
    ),
    Fact(
        "bad-values-are-named",
        "A refused value is refused with 400 or in its row, and the refusal names its property.",
        "problems._fields",
        "Safe: the whole record is then an issue, instead of one of its values.",
        'Make a contact with the address "no address" over the API, and look for "email" in the answer.',
    ),
    Fact(
        "taken-values-are-told",
        "A value that must be unique, and that another record has, is refused with the code CONFLICTING_UNIQUE_VALUE.",
        "problems._TAKEN",
        "Safe for properties of your own: no record is made without a value that must be unique. Of an address that is "
        "refused otherwise, a contact is made without it.",
        "With a unique property of your own, make two contacts that have the same in it over the API.",
    ),
    Fact(
        "bin-frees-addresses",
        "The address of a contact in the recycling bin is free for another contact.",
        "writing._refused",
        "Safe: the create is refused with the id of a record that is not live, and is an issue.",
        "Delete a contact, make another with its address, and see whether it is taken.",
    ),
    Fact(
        "twice-in-a-batch",
        "A batch that names a record twice is refused with 400, and nothing of it is written.",
        "writing._halves",
        "Safe: Bothways never sends such a batch.",
        "POST the same id twice to batch/update.",
    ),
    Fact(
        "upserts-fail-whole",
        "An upsert is refused as a whole (409 or 400) if one of its rows conflicts.",
        "writing._ACTIONS",
        "Safe: Bothways does not upsert. If rows are refused by themselves, it could.",
        "With a unique property of your own, POST two rows to batch/upsert, one with the address of another contact.",
    ),
    Fact(
        "traces-come-back",
        "The rows of a batch that was written repeat the trace ids of their inputs.",
        "writing._item_of",
        "Safe: rows are then told apart by what they hold; of two that hold the same, it is looked up what was made.",
        "POST two contacts with objectWriteTraceId to batch/create, and look for it in the results.",
    ),
    Fact(
        "sensitive-hidden",
        "Properties with sensitive data are not in the list of properties, unless they are asked for.",
        "api.Api.properties",
        "Safe: they would be offered as others are; what the token may not read or write is refused.",
        "Make a property with sensitive data, and GET the list of properties: it must not be there.",
    ),
    Fact(
        "ends-of-versions",
        "A version of the API by date is supported for eighteen months from the day on which it came out.",
        "facts.ENDS",
        "Safe: its end is told too early or too late. A version that has ended is refused, which is seen at once.",
        "Look at the changelog of HubSpot's developer pages.",
    ),
    Fact(
        "sensitive-passed-over",
        "Values of sensitive properties are passed over for a token without their scope, as if there were none.",
        "facts.SENSITIVE",
        "Seen at once: reading such a property is refused with 403, which names the scope.",
        "Read a sensitive property with a token that lacks its scope.",
    ),
    Fact(
        "own-unique-properties",
        "Unique properties that HubSpot has by itself do not count among the ten of an object.",
        "facts.MOST_UNIQUE",
        "Safe: if they do, making our own property is refused, and you are told so.",
        "Make unique text properties until HubSpot refuses one, and count them.",
    ),
    Fact(
        "not-set-up",
        "Calls about an object that the account has not set up, such as leads, are refused with 400, 403 or 404.",
        "facts.NOT_SET_UP",
        "Seen at once: looking at the account as a whole fails with the status. Syncs of other objects go on.",
        "In an account without leads, POST an empty search of leads, and GET their properties.",
    ),
    Fact(
        "full-is-refused",
        "A new record is refused with 400 once the account holds as many as it may.",
        "limits.near",
        "Safe: by whatever status it is refused, it is an issue of its record, or tried again.",
        "It takes a full account. GET the limits of records, and make one more.",
    ),
    Fact(
        "stages-are-options",
        "Pipelines and their stages are the options of two properties of a record.",
        "pipelines.with_stages",
        "Safe: where the properties have no options, pipelines are asked for theirs, which costs a call.",
        "GET the properties pipeline and dealstage of deals, and look at their options.",
    ),
    Fact(
        "owners-to-a-page",
        "A page of owners has 500 of them at most.",
        "api.Api.owners",
        "Seen at once: listing owners fails with 400, and the sync that wants them waits.",
        "GET the owners with limit=500.",
    ),
    Fact(
        "archived-property-returns",
        "A property that is made by the name of an archived one is unique only if that was.",
        "marking.make",
        "Safe: what came of it is looked at, and used only if it is unique.",
        "Delete a property of your own that is not unique, make a unique one of its name over the API, and look at it.",
    ),
    Fact(
        "custom-plain-type",
        "The association of a custom object that has no label is listed among its labels, by a number of the account.",
        "customs.Customs._reference",
        "Safe: if it is not listed, that association is not offered.",
        "GET the labels between a custom object and contacts: one of them must have no label.",
    ),
    Fact(
        "form-of-tokens",
        'Tokens of service keys and of apps of the account look alike: both begin with "pat-".',
        "connector.HubSpot._token_notes",
        "Safe: only what is said of private apps and their end would be said of too many, or of too few.",
        "Look at the first letters of a service key.",
    ),
    Fact(
        "lead-types",
        "Leads are associated with contacts by the types 608 and 578, and with companies by 610.",
        "objects.REFERENCES",
        "Seen at once: a lead whose association is of no known type is refused, and an issue.",
        "GET the labels between leads and contacts, and between leads and companies.",
    ),
    Fact(
        "list-under-way",
        "While HubSpot works out who is in a list, its status is PROCESSING.",
        "lists._list",
        "Who is not in the list yet counts as having left the filter. Their pairs are frozen and go on later; with "
        "when_leaving_filter: unlink their links end, of more than fifty only once you have agreed.",
        "Give an active list new rules that many contacts fit, and POST lists/search again and again: its "
        "processingStatus must be PROCESSING until it has them all.",
    ),
    Fact(
        "list-size",
        "The size that a search tells of a list (hs_list_size) is 0 soon after nobody is in it.",
        "lists._list",
        "If it is not told, an answer without members is believed. If it stays behind, a sync waits and says so.",
        "Empty a list, POST lists/search again and again, and note when the hs_list_size among its "
        '"additionalProperties" is 0.',
    ),
    Fact(
        "members-merged",
        "A list names a record that was merged by the id of the record that it became.",
        "lists.members",
        "Safe: an old id is taken for the record that it became, as soon as that is known.",
        "Put a contact on a static list, merge it with another, and GET the memberships of the list.",
    ),
    Fact(
        "third-signature",
        "Webhooks of private apps bear the third version of HubSpot's signature as well.",
        "webhooks._flaw",
        "Seen at once: every delivery is refused, and the page of the app says so. Polling goes on.",
        "Let the app send to an address that shows its headers: X-HubSpot-Signature-v3 must be one of them.",
    ),
    Fact(
        "journal-offsets",
        "An offset of the journal that is too old, or not known, is answered with 400, 404 or 410.",
        "journal.UNKNOWN",
        "Safe: with another status the journal counts as failing. Polling goes on, and finds what it would have told.",
        "GET the journal at an offset of a week ago.",
    ),
    Fact(
        "journal-subscriptions",
        "The journal takes as many subscriptions as webhooks do.",
        "journal.MOST",
        "Safe: what it does not take is told, and found by polling.",
        "It takes very many subscriptions. Two or three for each object are all that Bothways makes.",
    ),
    Fact(
        "journal-nothing-new",
        "Asked for the next entry where there is none, the journal answers with 204, or with no address.",
        "journal.Journal._told",
        "Safe: with another status the journal counts as failing. Polling goes on, and finds what it would have told.",
        "GET the entry after the latest one.",
    ),
    Fact(
        "journal-scopes",
        "For a token of the app itself, the scopes by which records are read are those of people's tokens.",
        "journal.scopes_for",
        "Safe: the token is refused and the journal counts as failing. Polling goes on.",
        "Ask for a token with the grant client_credentials and crm.objects.contacts.read among its scopes.",
    ),
    Fact(
        "journal-names",
        "Events of the journal name the records of a merge, and both ends of an association, as those of webhooks do.",
        "journal._named",
        "Safe: what is not understood is found by polling and by the daily walk, which is later.",
        "Merge two contacts, associate one with a company, and read the journal's next file.",
    ),
)

FACTS = (*UNPROMISED, *DOCUMENTED)

BY_ID = {each.id: each for each in FACTS}
