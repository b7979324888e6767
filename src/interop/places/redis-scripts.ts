import { type Script, script } from "../../stores/redis/scripts.ts";

// Some clients can only send and give texts. So bytes go as the text of the characters of the same
// numbers, in UTF-8: of the 256 values the lower half is as it is.
const CODEC = `
local function bytes(text)
  return (string.gsub(text, '([\\194\\195])(.)', function(lead, byte)
    return lead == '\\194' and byte or string.char(string.byte(byte) + 64)
  end))
end
local function text(stored)
  return (string.gsub(stored, '[\\128-\\255]', function(byte)
    local value = string.byte(byte)
    return value < 192 and '\\194' .. byte or '\\195' .. string.char(value - 64)
  end))
end
`;

const IS_AT = `if redis.call('GET', KEYS[1]) ~= bytes(ARGV[1]) then return 0 end`;

/** → the text and the milliseconds that are left of it, as `PTTL` tells them; or nothing. */
export const READ: Script = script(`${CODEC}
local stored = redis.call('GET', KEYS[1])
return stored and { text(stored), redis.call('PTTL', KEYS[1]) }`);

/** `text, milliseconds to live` → 1 where nothing was. */
export const INSERT: Script = script(`${CODEC}
local done = redis.call('SET', KEYS[1], bytes(ARGV[1]), 'PX', ARGV[2], 'NX')
return done and 1 or 0`);

/** `text before, milliseconds to live, text` → 1 where exactly that was. */
export const REPLACE: Script = script(`${CODEC}
${IS_AT}
redis.call('SET', KEYS[1], bytes(ARGV[3]), 'PX', ARGV[2])
return 1`);

/** `text before` → 1 where exactly that was. */
export const REMOVE: Script = script(`${CODEC}
${IS_AT}
return redis.call('DEL', KEYS[1])`);

/** `text before, milliseconds to live` → 1 where exactly that was. */
export const EXTEND: Script = script(`${CODEC}
${IS_AT}
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

/** Bytes as the scripts take them. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The bytes of a text that a script gave. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
