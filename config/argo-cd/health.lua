-- How Argo CD judges a NamingCluster. It goes by conditions only, whose types
-- and reasons are stable.
local function condition(kind)
  if obj.status ~= nil and obj.status.conditions ~= nil then
    for _, c in ipairs(obj.status.conditions) do
      if c.type == kind then return c end
    end
  end
  return { status = "Unknown", message = "the operator has not looked at it yet" }
end

local function verdict(status, c)
  return { status = status, message = c.message }
end

local ready, stalled, degraded = condition("Ready"), condition("Stalled"), condition("Degraded")

if stalled.status == "True" then
  return verdict("Degraded", stalled)
end
if condition("Paused").status == "True" then
  return verdict("Suspended", condition("Paused"))
end
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "the newest spec has not been looked at yet" }
end
if ready.reason == "ScaledToZero" then
  return verdict("Suspended", ready)
end
if degraded.status == "True" and (degraded.reason == "RolloutStuck" or degraded.reason == "MemberDown") then
  return verdict("Degraded", degraded)
end
if condition("Reconciling").status == "True" then
  return verdict("Progressing", condition("Reconciling"))
end
if ready.status ~= "True" then
  return verdict("Progressing", ready)
end
return verdict("Healthy", ready)
