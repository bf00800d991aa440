/**
 * The closed catalogue of everything the engine reports through the Telemetry port.
 *
 * In production these become counters and log lines, in the simulator probes and trace lines. Names are
 * `part.what`, sentences say what it means that the event happened at all. Add here first, then report.
 */

export const ENGINE_EVENTS = {
  'log.slot.issued': 'a log object was sent to the store',
  'log.slot.committed': 'a log object became part of the history',
  'log.slot.out-of-order': 'a later slot was known durable before an earlier one',
  'log.window.full': 'an issue had to wait because the window of in-flight slots was full',
  'log.window.pipelined': 'two or more slots were in flight at once',
  'log.put.unknown': 'a put ended without a known outcome and was repeated with the same bytes',
  'log.put.failed': 'a put certainly had no effect and was repeated',
  'log.put.refused.mine': 'a slot was taken, and the object in it was our own earlier attempt',
  'log.put.refused.foreign': "a slot was taken by a rival's fence",
  'log.put.refused.absent': 'a refused slot was empty when looked at, and the put was repeated',
  'log.put.fatal': 'the store refused a put for good and the log gave up ownership',
  'log.fenced': 'this process learned that it is not the owner any more',
  'log.fenced.with-pending': 'appends in slots at or above the fence failed definitely',
  'log.fenced.drained': 'slots below the fence were still acknowledged after it was seen',
  'log.proof.by-commit': 'a commit of a later slot proved ownership for a waiting read',
  'log.proof.by-probe': 'an absent next slot proved ownership for a waiting read',
  'log.proof.refused': 'a proof of ownership found a rival',
  'log.proof.retried': 'the store failed a probe, which was repeated',
  'takeover.started': 'a process began to take ownership',
  'takeover.completed': 'a process became the owner',
  'takeover.replayed-data': 'takeover replayed data slots of a predecessor',
  'takeover.skipped-window': 'takeover followed a fence over its void window',
  'takeover.fence-contended': 'the slot for the fence was taken by somebody else first',
  'takeover.fence-mine': 'the fence was refused but turned out to be our own earlier attempt',
  'takeover.store-retried': 'the store failed a call of the takeover, which was repeated',
  'append.admitted': 'an append was given sequence numbers',
  'append.durable': 'an append was acknowledged',
  'append.unknown': 'an append ended without a known outcome',
  'append.rejected.seq-num': 'match_seq_num differed from the next sequence number',
  'append.rejected.token': 'the fencing token differed from the one in force',
  'append.rejected.undurable': 'a rejection was held back until the state it reports was durable',
  'append.pipelined': 'an append was admitted to a stream with undurable appends before it',
  'append.fence': 'a fence command became durable',
  'append.trim': 'a trim command became durable',
  'append.timestamp-raised': 'a timestamp was raised to keep the stream from running backwards',
  'append.backpressure': 'an append waited because too many bytes were not committed yet',
  'append.deadline': 'the rejection of an append could not be confirmed in time',
  'read.batch': 'a read returned records',
  'read.at-tail': 'a read found nothing at the tail',
  'read.while-undurable': 'a read or check-tail was answered while an append of its stream was not durable',
  'read.deadline': 'a read was given up because ownership could not be proved in time',
  'read.below-trim': 'a read started below the trim point and was moved up',
  'stream.created': 'a stream became durable',
  'stream.create-raced': 'two creations of one name met before either was durable',
  'basin.created': 'a basin became durable',
} as const;

export type EngineEvent = keyof typeof ENGINE_EVENTS;
