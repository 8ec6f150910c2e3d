-- What the application role may do; nothing else. Runs after every migration, in one transaction;
-- {role} and {database} are quoted names. A new table needs its line here.
revoke all on database {database} from public;
revoke all on database {database} from {role};
grant connect, temporary on database {database} to {role};  -- temporary: catalogue imports

revoke all on all tables in schema public, payments from {role};
grant usage on schema public, payments to {role};
grant select, insert, update on categories, products, stock, last_import to {role};
grant select, insert, update on customers, orders to {role};
grant select, insert on order_lines to {role};
grant select, insert, delete on reviews to {role};
grant select, insert, update, delete on checkouts, outbox, handled_events, mails to {role};
grant select, insert, update, delete on interactions, event_files, trainings to {role};
grant select, insert, update, delete on product_neighbours, product_popularity to {role};
grant select on product_summaries to {role};
grant select, insert, update on payments.charges to {role};
