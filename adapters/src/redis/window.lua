-- Counts one thing, if it is allowed: all of it at once, by the server's own clock.
-- KEYS[1]: what is asked. KEYS[2], if given: what is asked first, unless KEYS[1] was counted lately.
-- ARGV: quota and window in ms for each key, in their order; then the ms that the clock is taken to be ahead.
-- Returns which key decided (1 or 2), 1 if it is allowed, how often more, and the ms until one more is possible.
-- A window is twelve slices long, and one more is kept, as in the memory of a process.
local PARTS, SLICES = 12, 13
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[#ARGV])

local function look(at)
  local width = math.max(1, math.floor(tonumber(ARGV[at * 2]) / PARTS))
  local slice = math.floor(now / width)
  local total, oldest, gone = 0, slice, {}
  local all = redis.call('HGETALL', KEYS[at])
  for i = 1, #all, 2 do
    local number = tonumber(all[i])
    -- What is further ahead than a slice was counted by a clock that has gone back since.
    if number > slice - SLICES and number <= slice + 1 then
      total = total + tonumber(all[i + 1])
      oldest = math.min(oldest, number)
    else
      gone[#gone + 1] = all[i]
    end
  end
  return { width = width, slice = slice, total = total, oldest = oldest, gone = gone }
end

local function ask(at, seen)
  local quota = tonumber(ARGV[at * 2 - 1])
  local allowed = seen.total < quota
  if #seen.gone > 0 then redis.call('HDEL', KEYS[at], unpack(seen.gone)) end
  if allowed then
    redis.call('HINCRBY', KEYS[at], string.format('%.0f', seen.slice), 1)
    redis.call('PEXPIRE', KEYS[at], string.format('%.0f', seen.width * (SLICES + 1)))
    seen.total = seen.total + 1
  end
  local reset = (seen.oldest + SLICES) * seen.width - now
  return { at, allowed and 1 or 0, math.max(0, quota - seen.total), math.max(0, reset) }
end

local seen = look(1)
if #KEYS == 2 and seen.total == 0 then
  local first = ask(2, look(2))
  if first[2] == 0 then return first end
end
return ask(1, seen)
