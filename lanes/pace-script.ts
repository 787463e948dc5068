/**
 * The rules of a lane as one Lua script: everything about a lane that all processes share is decided in it, on Redis' own
 * clock, in one round trip. lane-state.ts has the same rules for one process; a test holds the two against each other.
 *
 * Keys (all of one lane, in one hash slot): what is set and known · the moments of the last second, by token · the leased
 * slots, by token and end of lease · moments given back unused · processes that wait for a slot, by when they first asked ·
 * processes and what they say of themselves · the moments of one endpoint.
 */
import { climbMs, coldMs, horizonMs, lateMs, leaseMs, marginMs, unknownCalls, unknownLateMs } from './pace.ts';

/** Redis' clock, in milliseconds with fractions. */
const redisClock = `(function() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end)()`;

/** For tests: time is what the request says. */
export const givenClock = 'request.now';

export const newsChannel = 'boxoffice:lanes';

export const paceScript = (clock = redisClock) => `
local state_key, ring, slots, holes, waiters, processes, endpoint_ring = unpack(KEYS)
local request = cjson.decode(ARGV[1])
local now = ${clock}

local state = {}
local fields = redis.call('HGETALL', state_key)
for i = 1, #fields, 2 do state[fields[i]] = fields[i + 1] end
local function known(name, otherwise) return tonumber(state[name]) or otherwise end
local function keep(name, value)
  -- Lua's own spelling of a number keeps 14 digits, too few for a moment.
  state[name] = type(value) == 'number' and string.format('%.17g', value) or value
  redis.call('HSET', state_key, name, state[name])
end
local function exact(milliseconds) return string.format('%.3f', milliseconds) end
local function tell(kind, whom) redis.call('PUBLISH', '${newsChannel}', request.lane .. ' ' .. kind .. ' ' .. (whom or '')) end

-- The limits that hold. 0 calls a second: unpaced.
local concurrent = known('concurrent', request.concurrent)
local configured = known('per_second', request.perSecond) * known('percent', 100) / 100
local adaptive = state.adaptive ~= '0' and configured > 0

-- What 429 and latency left of the rate; it climbs back by itself.
local function factor()
  if not adaptive then return 1 end
  return math.min(1, known('factor', 1) + (now - known('factor_at', now)) / ${climbMs})
end
local function slow_down(by)
  if not adaptive or now - known('slowed_at', 0) < 1000 then return end
  keep('factor', math.max(0.1, factor() * by))
  keep('factor_at', now)
  keep('slowed_at', now)
end

local rate = configured * factor()
-- At most so many calls in any window of so many milliseconds.
local function window_of(per_second)
  if per_second >= 1 then return math.floor(per_second), 1000 + ${marginMs} end
  return 1, 1000 / per_second + ${marginMs}
end
local calls, window = 0, 0
if configured > 0 then calls, window = window_of(rate) end
local burst_ms = request.bucket and (request.burst - 1) * 1000 / math.max(rate, 0.001) or 0

local function score(key, index)
  return tonumber(redis.call('ZRANGE', key, index, index, 'WITHSCORES')[2])
end
-- Moments are read by processes whose clocks are known to so many milliseconds: the token says so, in microseconds.
local function error_of(token) return (tonumber(string.match(token, '%.(%d+)%.%d+$')) or 0) / 1000 end
-- The first moment from 'from' on that keeps every window: half of an even distance after the last one, so that calls do not
-- leave in a heap and arrive who knows when, and a window after the calls-th last.
local function next_in(key, most, span, from)
  local held = redis.call('ZCARD', key)
  if held == 0 then return from end
  local moment = from
  if most > 1 then moment = math.max(from, score(key, -1) + span / (2 * most)) end
  if held >= most then
    local first = redis.call('ZRANGE', key, -most, -most, 'WITHSCORES')
    moment = math.max(moment, tonumber(first[2]) + error_of(first[1]) + span + request.error)
  end
  return moment
end

local function free_slots()
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
  return concurrent - redis.call('ZCARD', slots)
end

-- A moment that was not used: somebody else may have it.
local function give_back(token)
  if redis.call('ZREVRANK', ring, token) == 0 and score(ring, -1) > now then
    redis.call('ZREM', ring, token)
  else
    local moment = redis.call('ZSCORE', ring, token)
    if moment then redis.call('ZADD', holes, moment, token) end
  end
end

-- A call arrives after its moment, and it is the provider's second that counts: it left when its process came to it, and what
-- it took longer than calls do may have been on the way there: all of it, where nobody knows how long they take.
local function arrived_late(ended, usual, most)
  local late = math.max(ended.leftMs or 0, math.min(ended.tookMs - usual, most))
  if late <= 3 or configured == 0 or request.bucket then return end
  local moment = redis.call('ZSCORE', ring, ended.token)
  if moment then redis.call('ZADD', ring, moment + late, ended.token) end
end

-- Calls that ended, and moments that were not used.
local function finish(list)
  local seen, fast, slow = known('seen', 0), known('fast'), known('slow')
  local before = seen
  for _, ended in ipairs(list) do
    local had = redis.call('ZREM', slots, ended.token)
    local took = ended.tookMs
    if ended.unused and request.bucket then
      if had == 1 and configured > 0 then keep('tat', known('tat', 0) - 1000 / rate) end
    elseif ended.unused then
      give_back(ended.token)
    elseif took then
      seen = seen + 1
      fast = fast and fast + 0.2 * (took - fast) or took
      slow = slow and slow + math.max(0.02, 1 / seen) * (took - slow) or took
      if seen <= ${unknownCalls} then arrived_late(ended, 0, ${unknownLateMs}) else arrived_late(ended, slow, ${lateMs}) end
      if seen > 50 and fast > 3 * slow + 50 then slow_down(0.9) end
    end
  end
  if seen == before then return end
  redis.call('HSET', state_key, 'seen', seen, 'fast', fast, 'slow', slow)
end

local function say_freed()
  if redis.call('ZCARD', waiters) == 0 then return end
  local free = free_slots()
  if free <= 0 then return end
  local first = redis.call('ZRANGE', waiters, 0, free - 1)
  tell('slot', table.concat(first, ','))
end

local function present(granted)
  local waiting = math.max(0, request.waiting - (granted or 0))
  redis.call('HSET', processes, request.process, exact(now) .. '|' .. waiting .. '|' .. request.breaker)
end

local function later(because, at)
  present()
  return { 'later', exact(now), because, at and exact(at) or 'news' }
end

-- A moment that was given back. It may move forward where fewer than a whole window's calls come after it.
local function from_hole(from, latest)
  local list = redis.call('ZRANGE', holes, 0, -1, 'WITHSCORES')
  for i = 1, #list, 2 do
    local token, moment = list[i], math.max(tonumber(list[i + 1]), from)
    local after = redis.call('ZREVRANK', ring, token)
    if not after then
      redis.call('ZREM', holes, token)
    elseif after < calls and moment <= latest then
      redis.call('ZREM', holes, token)
      redis.call('ZREM', ring, token)
      return moment
    end
  end
end

local function ask()
  if state.run ~= request.run then return { 'unknown', exact(now) } end
  if state.stopped == '1' then return later('stopped') end
  local blocked = known('blocked', 0)
  if blocked - now > ${horizonMs} then return later('closed', blocked - ${horizonMs / 2}) end
  local from = math.max(now + request.lead, blocked)

  local free = free_slots()
  redis.call('ZREMRANGEBYSCORE', waiters, '-inf', now - 2000)
  local before = redis.call('ZRANK', waiters, request.process) or redis.call('ZCARD', waiters)
  local most = math.min(request.want, free - before)
  if most <= 0 then
    redis.call('ZADD', waiters, 'NX', now, request.process)
    local first_end = redis.call('ZCARD', slots) > 0 and score(slots, 0) or now
    return later('slots', math.max(now + 20, math.min(now + 500, first_end)))
  end

  if configured > 0 and not request.bucket then
    -- A clock that was set back would keep the lane closed until it has caught up.
    local held = redis.call('ZCARD', ring)
    if held > 0 and score(ring, -1) > now + window + 2000 then
      redis.call('DEL', ring, holes, endpoint_ring)
      keep('blocked', now + ${coldMs})
      return later('closed', now + ${coldMs})
    end
    redis.call('ZREMRANGEBYSCORE', ring, '-inf', now - window)
  end
  local endpoint_calls, endpoint_window
  if request.endpointPerSecond then
    endpoint_calls, endpoint_window = window_of(request.endpointPerSecond * known('percent', 100) / 100 * factor())
    redis.call('ZREMRANGEBYSCORE', endpoint_ring, '-inf', now - endpoint_window)
  end

  local latest = now + ${horizonMs} + request.lead
  local moments = {}
  local refused
  while #moments < most do
    -- More than one only where they start together, or before another question could be answered.
    if #moments > 0 then latest = moments[1] + math.max(2, request.lead) end
    local moment = blocked > now + request.lead and blocked or 0
    if configured > 0 then
      local hole = not request.bucket and not request.endpointPerSecond and from_hole(from, latest)
      if hole then
        moment = hole
      elseif request.bucket then
        moment = math.max(from, known('tat', 0) - burst_ms)
      else
        moment = next_in(ring, calls, window, from)
      end
      if moment > latest then
        refused = { 'rate', moment - ${horizonMs} }
        break
      end
      if request.endpointPerSecond then
        local own = next_in(endpoint_ring, endpoint_calls, endpoint_window, from)
        -- Whoever waits for an endpoint must not hold up the others of the lane.
        if own > moment + 5 then
          refused = { 'endpoint', own - request.lead }
          break
        end
        moment = math.max(moment, own)
      end
    elseif request.endpointPerSecond then
      moment = next_in(endpoint_ring, endpoint_calls, endpoint_window, from)
      if moment > latest then
        refused = { 'endpoint', moment - ${horizonMs} }
        break
      end
    end
    local token = request.token .. '.' .. #moments
    if configured > 0 then
      if request.bucket then
        keep('tat', math.max(known('tat', 0), moment) + 1000 / rate)
      else
        redis.call('ZADD', ring, moment, token)
      end
    end
    if request.endpointPerSecond then
      redis.call('ZADD', endpoint_ring, moment, token)
      redis.call('PEXPIRE', endpoint_ring, math.ceil(2 * endpoint_window))
    end
    redis.call('ZADD', slots, now + ${leaseMs}, token)
    moments[#moments + 1] = moment
  end
  if #moments == 0 then return later(refused[1], math.max(now + 1, refused[2])) end
  present(#moments)
  redis.call('ZREM', waiters, request.process)
  redis.call('HINCRBY', state_key, 'granted', #moments)
  local answer = { 'granted', exact(now), free - #moments <= 0 and 'scarce' or 'plenty' }
  for i = 1, #moments do answer[#answer + 1] = exact(moments[i]) end
  return answer
end

local function apply()
  local forgot = state.run ~= request.run
  if forgot then
    -- Nobody knows what was sent in the last second, nor who holds a slot: both are over or said again by then.
    redis.call('DEL', holes)
    keep('run', request.run)
    -- The provider's bucket may be empty.
    if request.bucket and configured > 0 then keep('tat', now + request.burst * 1000 / rate) end
    keep('blocked', math.max(known('blocked', 0), now + ${coldMs}))
  elseif request.revision < known('revision', 0) then
    return { 'old', exact(now) }
  end
  local settings = request.settings
  redis.call('HSET', state_key, 'revision', request.revision, 'stopped', settings.stopped and '1' or '0',
    'percent', settings.percent, 'adaptive', settings.adaptive and '1' or '0')
  if settings.perSecond then keep('per_second', settings.perSecond) else redis.call('HDEL', state_key, 'per_second') end
  if settings.concurrent then keep('concurrent', settings.concurrent) else redis.call('HDEL', state_key, 'concurrent') end
  if request.reset then
    redis.call('HDEL', state_key, 'factor', 'factor_at', 'slowed_at', 'fast', 'slow', 'seen')
    if not forgot then keep('blocked', 0) end
  end
  tell('void')
  return { 'applied', exact(now) }
end

local function block()
  keep('blocked', math.max(known('blocked', 0), now + request.milliseconds))
  slow_down(0.7)
  tell('void')
  return { 'blocked', exact(now) }
end

-- A limiter that lost its memory learns of the slots that are held by this.
local function renew()
  for _, token in ipairs(request.held) do redis.call('ZADD', slots, now + ${leaseMs}, token) end
  present()
  return { state.run == request.run and 'renewed' or 'unknown', exact(now) }
end

local function status()
  if state.run ~= request.run then return { 'unknown', exact(now) } end
  present()
  free_slots()
  local next_moment = now
  if configured > 0 then
    if request.bucket then
      next_moment = math.max(now, known('tat', 0) - burst_ms)
    else
      next_moment = next_in(ring, calls, window, now)
    end
  end
  return {
    'status', exact(now), cjson.encode(state), tostring(configured), tostring(concurrent), tostring(rate),
    redis.call('ZCARD', slots), redis.call('ZCOUNT', ring, '(' .. exact(now - 1000), now), exact(next_moment),
    redis.call('HGETALL', processes),
  }
end

local any_ended = request.ended and #request.ended > 0
if any_ended then finish(request.ended) end
if request.op == 'ask' then
  local answer = ask()
  if any_ended then say_freed() end
  return answer
end
if any_ended then say_freed() end
if request.op == 'end' then return { 'ended', exact(now) } end
if request.op == 'apply' then return apply() end
if request.op == 'block' then return block() end
if request.op == 'renew' then return renew() end
return status()
`;
