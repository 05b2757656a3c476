-- Functions that guard the log, digest it and chain it, and are not as the revisions made them: function, problem. Compared is
-- SHA-256 over the definitions of all functions of that name, as the server writes them, without white space. O(1).
with guard (function, digest) as (
    values
    ('advance_ledger_head', '1a666a14e7b9ec20a4177ae6a157bd5981394ebe5aad75b2c353e849c867b17f'),
    ('chain_entry', 'f3bac325481e863f34239bfbaa9560389cf67554b5fc3440a5c73ce145949d02'),
    ('commitment', '7a2032002d80e86ba1f3808f7f1e0dc0ff07d03a8bfabd78023462906a152460'),
    ('date_decision', '95aa12a2ec8805e541cac235a68cb31a523c0d7288b47ef67a7dd58d55d7b10f'),
    ('digest', 'd9da294c2f0f86792e90c890f42bc5de844e41e3e6806704aab49cba48797e49'),
    ('digest_as_event', 'b38acda0f5ac6e0307ff935f882ee250ecb3c3fdd29927f4dc7c7f5fb3ad838f'),
    ('enter_decision', 'a0de968e4476035d86f44c84819550199f0adfb88b4d9574ee91ea8147cdd0d2'),
    ('entry_hash', '351b42e088a7a030ba4f92eb133d6862d84c92459bb2a5301bf1c59c25b712dc'),
    ('event_digest', '9d2d2762f43ed14f46ce2fd0498e546b4975ff04bfb0a0acc48c36d63eeca7f1'),
    ('fresh_records', '8021eca7ca3267c0bccd33c84ead079aa016242b39829a93216af25621b0f5e7'),
    ('keep_replaced_row', 'f28952af013203872da80ad4407abf9ee03f7191aa189ff687471117cd742712'),
    ('listed', '5b758090bd7c43c211c03eadcdf77b739daf07c8f03bd419c7114df240a0d748'),
    ('merkle_root', '817bf6c0557930c1fd0486035b371d3d83326d2550d00a849fc013055c3d0597'),
    ('moment', 'a6d19ec0a6ab60a840f43c27ed4861fd6e44b59d94c312c56830c3d7da8dfc9d'),
    ('number_key', '746ed63e7a0176b26eaf2c0d29e59f6498917ceb8c679be207dc21405e6bb323'),
    ('refuse_to_change_evidence', 'bb27477b5bffe2431e8eca02f33a097caeb9f57512f0519379512371c300d0ab'),
    ('refuse_to_change_the_ledger', 'dab5c66f4cad5ed602225222eb64f73f63ed26085a289ab9376266d1d363b491'),
    ('schema_change_digest', '8c080c934353b093f6a0216401eae55fce4e8fd1303293fc9df8a6bb73bc7806'),
    ('schema_change_held', 'cd0ad0b81fd00c7ac86f4593115c6ba9c82ab8b9bbc4200b27464bd2063052ad'),
    ('seal', 'e57ece21fa35cc0460200b2e8074ddab93ecdaa094a4319d6118ca9e250cdbfe'),
    ('standing_records', '1705533fac2fef0839a4c12a828aaa6dbc6a11e8fc697b1931f03918f505c534'),
    ('take_feed_position', 'a186780be9958687466d152833a3231f81c227c1b334fa88726254c4267d9086'),
    ('unpacked_records', '9b840b030c12be8209a2a3a54f2289d4e9253bdcc9ca210829ba92dc49b9143a')
),

defined as (
    select
        p.proname as function,
        encode(
            sha256(
                convert_to(
                    string_agg(
                        regexp_replace(pg_get_functiondef(p.oid), '\s+', '', 'g'),
                        ' '
                        order by p.oid::regprocedure::text collate "C"
                    ),
                    'UTF8'
                )
            ),
            'hex'
        ) as digest
    from pg_proc as p
    where
        p.pronamespace = 'audit'::regnamespace
        and p.proname in (select guard.function from guard)
    group by p.proname
)

select
    'audit.' || guard.function as function,
    case when defined.digest is null then 'is missing' else 'is not as its revision made it' end as problem
from guard
left join defined on guard.function = defined.function
where guard.digest is distinct from defined.digest
order by guard.function
