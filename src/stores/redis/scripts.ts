import { createHash } from "node:crypto";
import { SKEW_MS } from "./skew.ts";

/** A script. It reads no clock and draws nothing. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

// A record begins with its kind, its end and its last activity, nine digits of base 36 each, then
// its commits up to the end of the line; lines 3 and 4 say whose it is (see records.ts).
// `live` and `ended` are false where the end is past.
/** Covers the lines in front of a record's data, but for a manager's name. */
export const HEAD_BYTES = 192;

const headAt = (now: string): string => `
local key, now = KEYS[1], tonumber(${now}, 36)
local stored = redis.call('GET', key)
local there = stored and tonumber(string.sub(stored, 2, 10), 36) > now
local live = there and string.find(stored, '^[ML]') ~= nil
local function seen(text) return tonumber(string.sub(text, 11, 19), 36) end
local function commits(text) return string.match(text, '^[^\\n]*', 20) end
local function owner(text)
  return string.match(text, '^[^\\n]*\\n[^\\n]*\\n([^\\n]*\\n[^\\n]*)\\n')
end
local function isAt(commit) return string.match(commits(stored), '^[^ ]*') == commit end
local function remembers(commit)
  return string.find(' ' .. commits(stored) .. ' ', ' ' .. commit .. ' ', 1, true) ~= nil
end
`;

const HEAD: string = headAt("ARGV[1]");

// The scripts of every request get their short words in one argument, with a space between them: a
// client takes longer for each that it sends than for all that is in it.
const WORDS = `
local at, ms, own, expected, known = string.match(ARGV[1], '^(%S+) (%S+) (%S+) ?(%S*) ?(%S*)$')
local text = ARGV[2]
${headAt("at")}`;

// Where memory is full the library's own notes are still written, whether they stand beside the
// sessions (a manager's name with a colon) or on one whose data stays as it is: what ends sessions
// relies on them. Once DEL, which is allowed there, has been called, the rest of a script is, too.
const WRITE = `
local function data(text)
  local marks = string.match(text, '^M[^\\n]*\\n([^\\n]*)') or 'DN'
  local optional = string.gsub(string.gsub(marks, '[^DN]', ''), '.', '[^\\n]*\\n')
  return string.match(text, '^[^\\n]*\\n[^\\n]*\\n[^\\n]*\\n[^\\n]*\\n' .. optional .. '(.*)$')
end
local function isNote(text)
  if string.match(text, '^[^\\n]*\\n[^\\n]*\\n([^\\n]*)\\n'):find(':', 1, true) then return true end
  return live and data(stored) == data(text)
end
local function write(text, ms)
  local reply = redis.pcall('SET', key, text, 'PX', ms)
  if not reply.err then return nil end
  if not (string.find(reply.err, 'OOM', 1, true) and isNote(text)) then return reply end
  redis.call('DEL', key)
  redis.call('SET', key, text, 'PX', ms)
end
`;

/** Replies of the scripts that write a record. */
export const DONE = 1;
/** As {@link DONE}, and the index of the user's sessions should be refreshed. */
export const DONE_AND_SEEN = 2;
/** Nothing was written: the record changes hands, and the index must know before. */
export const INDEX_FIRST = 3;

/** Activity after which the user's index is refreshed, should a failover have lost the entry. */
const REFRESH_MS = 60_000;

/** The words `now, ms to keep, own version`; the record → 1, or 0 where something stands. */
export const CREATE: Script = script(`${WORDS}${WRITE}
if there then
  -- A client that sends again by itself must not be told that its own record is in the way.
  return live and remembers(own) and 1 or 0
end
return write(text, ms) or 1`);

/**
 * The words `now, ms to keep, own version, expected version, whether the index knows`; the record →
 * {@link DONE}, {@link DONE_AND_SEEN}, {@link INDEX_FIRST}, what stands there, or nil.
 */
export const UPDATE: Script = script(`${WORDS}${WRITE}
if not there then return false end
if not live then return stored end
if not isAt(expected) then
  if remembers(own) then return 1 end
  return stored
end
if known == '0' and owner(stored) ~= owner(text) then return 3 end
local failure = write(text, ms)
if failure then return failure end
if seen(text) - seen(stored) >= ${REFRESH_MS} then return 2 end
return 1`);

/**
 * `now, ms to keep, own version, tombstone, expected version or empty, owner or empty, channel, id`
 * → `{1, owner}` once it has ended, `{0, what stands there}`, or `{0}`.
 */
export const END: Script = script(`${HEAD}
if not there then return {0} end
if not live then
  if not isAt(ARGV[3]) then return {0, stored} end
  -- Written again, so that a WAIT behind this call waits for it.
  redis.call('SET', key, ARGV[4], 'PX', ARGV[2])
  return {1}
end
if ARGV[6] ~= '' and owner(stored) ~= ARGV[6] then return {0} end
if ARGV[5] ~= '' and not isAt(ARGV[5]) then return {0, stored} end
-- DEL is allowed where memory is full, and with it the rest of a script: sessions end all the same.
redis.call('DEL', key)
redis.call('SET', key, ARGV[4], 'PX', ARGV[2])
-- Whether or not the user may publish, the session has ended.
redis.pcall('PUBLISH', ARGV[7], ARGV[8])
return {1, owner(stored)}`);

/**
 * `now, ms to keep, own version, tombstone, owner, channel, length of the prefix` → for each key 1
 * once it has ended, the id of the session that took over from it, or an empty text. Reads no data.
 */
export const END_ALL: Script = script(`
local now, mark, owner, found, ended = tonumber(ARGV[1], 36), ARGV[3], ARGV[5], {}, {}
for i = 1, #KEYS do
  local head = redis.call('GETRANGE', KEYS[i], 0, ${HEAD_BYTES} + #owner)
  local ends = tonumber(string.sub(head, 2, 10), 36)
  local kind = ends and ends > now and string.sub(head, 1, 1)
  found[i] = ''
  if kind == 'M' or kind == 'L' then
    local whose = string.match(head, '^[^\\n]*\\n[^\\n]*\\n([^\\n]*\\n[^\\n]*)\\n')
    if whose == owner then
      found[i] = '1'
      ended[#ended + 1] = string.sub(KEYS[i], ARGV[7] + 1)
    end
  elseif kind == 'E' then
    local version, next = string.match(head, '^([^\\n]*)\\n[^ ]* ([^\\n]*)\\n', 20)
    found[i] = version == mark and '1' or next
  end
  if found[i] == '1' then
    redis.call('DEL', KEYS[i])
    redis.call('SET', KEYS[i], ARGV[4], 'PX', ARGV[2])
  end
end
if #ended > 0 then redis.pcall('PUBLISH', ARGV[6], table.concat(ended, ' ')) end
return found`);

/** `now, last activity, end, ms to keep` → the record's lines but its data, or nil. */
export const TOUCH: Script = script(`${HEAD}
if not live then return false end
local ends, last = string.sub(stored, 2, 10), string.sub(stored, 11, 19)
if tonumber(ARGV[2], 36) > tonumber(last, 36) then last = ARGV[2] end
if tonumber(ARGV[3], 36) > tonumber(ends, 36) then
  ends = ARGV[3]
  redis.call('PEXPIRE', key, ARGV[4])
else
  -- PEXPIRE is allowed where memory is full, and with it the rest of a script.
  redis.call('PEXPIRE', key, redis.call('PTTL', key))
end
redis.call('SETRANGE', key, 1, ends .. last)
return string.match(stored, '^[^\\n]*\\n[^\\n]*\\n[^\\n]*\\n[^\\n]*\\n')`);

/** Fields that a raise looks at, to forget what nothing can be older than any more. */
const PURGED = 16;

/**
 * `now, user, instant to keep it until or empty, ms to keep the key or empty, own mark` → the
 * generation after it, never one that was there before, even if one was lost. Raised twice under
 * one mark it rises once.
 */
export const RAISE: Script = script(`
local key, now, user, mark = KEYS[1], tonumber(ARGV[1], 36), ARGV[2], ARGV[5]
local stored = redis.call('HGET', key, user) or ('0 ' .. ARGV[3] .. ' ')
local last, keep, by = string.match(stored, '^(%d+) (%w*) (.*)$')
if by ~= mark then
  last = string.format('%.0f', math.max(tonumber(last) + 1, now))
  if ARGV[3] == '' or keep ~= '' and keep < ARGV[3] then keep = ARGV[3] end
end
local ttl = redis.call('PTTL', key)
-- PERSIST is allowed where memory is full, and with it the rest of a script.
redis.call('PERSIST', key)
redis.call('HSET', key, user, last .. ' ' .. keep .. ' ' .. mark)
if ARGV[4] ~= '' and ttl ~= -1 then
  redis.call('PEXPIRE', key, math.max(tonumber(ARGV[4]), ttl))
end
-- Any number is a cursor: another part of the key each time.
local some = redis.call('HSCAN', key, string.format('%.0f', now), 'COUNT', ${PURGED})[2]
for i = 1, #some, 2 do
  local past = string.match(some[i + 1], '^%d+ (%w+) ')
  if past and tonumber(past, 36) < now - ${SKEW_MS} then redis.call('HDEL', key, some[i]) end
end
return last`);

/** Entries that one sign-in looks after, so that an index holds few more than live sessions. */
const TIDIED = 32;

/** `second of the session's end, second past which entries are stale, ms to keep, id` → stale ids. */
export const INDEX_ADD: Script = script(`
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[4])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ${TIDIED})`);

/** `now, manager's line` → a digit for each key, 1 where a live record of that manager is. */
export const ARE_LIVE: Script = script(`
local now, manager, found = tonumber(ARGV[1], 36), ARGV[2], {}
for i = 1, #KEYS do
  local head = redis.call('GETRANGE', KEYS[i], 0, ${HEAD_BYTES} + #manager)
  local line = string.match(head, '^[ML][^\\n]*\\n[^\\n]*\\n([^\\n]*)\\n')
  found[i] = line == manager and tonumber(string.sub(head, 2, 10), 36) > now and '1' or '0'
end
return table.concat(found)`);

/**
 * `now, owner` → a letter for each key: `d` where a record of that owner had expired, which is deleted,
 * `e` where a session has ended, `n` where there is nothing, `s` where something stays.
 */
export const FORGET: Script = script(`
local now, owner, found = tonumber(ARGV[1], 36), ARGV[2], {}
for i = 1, #KEYS do
  local head = redis.call('GETRANGE', KEYS[i], 0, ${HEAD_BYTES} + #owner)
  local kind, ends = string.sub(head, 1, 1), tonumber(string.sub(head, 2, 10), 36)
  found[i] = head == '' and 'n' or kind == 'E' and 'e' or 's'
  if (kind == 'M' or kind == 'L') and ends and ends <= now then
    local whose = string.match(head, '^[^\\n]*\\n[^\\n]*\\n([^\\n]*\\n[^\\n]*)\\n')
    if whose == owner then
      redis.call('DEL', KEYS[i])
      found[i] = 'd'
    end
  end
end
return table.concat(found)`);

/** `second past which entries are stale, id …`: removes those that are. */
export const INDEX_REMOVE: Script = script(`
for i = 2, #ARGV do
  local ends = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if ends and tonumber(ends) <= tonumber(ARGV[1]) then redis.call('ZREM', KEYS[1], ARGV[i]) end
end
return 1`);

/** A script, and the name that the server gives it. */
export function script(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}
