-- How the last import of a catalogue file ended: who watches must not depend on who imports.
create table last_import (
    only_one boolean primary key default true check (only_one),
    refused boolean not null,
    at timestamptz not null default now()
);
