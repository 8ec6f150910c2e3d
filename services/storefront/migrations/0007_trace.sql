-- W3C trace context of the request that an event comes from, so that its work goes on in that trace.
alter table outbox add column traceparent text;
