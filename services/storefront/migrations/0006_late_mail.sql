-- Mail that was not sent in time: counted when it becomes late, once, whoever counts.
alter table mails add column is_late boolean not null default false;
