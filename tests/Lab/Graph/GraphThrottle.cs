using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace PasswordSync.Lab;

/// <summary>Why a request gets 429.</summary>
/// <param name="Wait">How long until it would be taken.</param>
/// <param name="Scope">What <c>x-ms-throttle-scope</c> says.</param>
/// <param name="Information">What <c>x-ms-throttle-information</c> says.</param>
internal sealed record GraphRefusal(TimeSpan Wait, string Scope, string Information);

/// <summary>
/// The published limits of identity and access (https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits): the resource units and the writes of an
/// application in a tenant, and the writes of all applications in it. The first that is reached refuses. Those of an application over all tenants are out of reach in a single one: 150,000
/// units within 20 s, 70,000 writes within 5 minutes, 130,000 requests within 10 s. Graph fills its buckets steadily; here no window holds more than the limit, which is stricter.
/// </summary>
internal sealed class GraphThrottle(GraphEmulatorOptions options, GraphDirectory directory)
{
    /// <summary>From which part of a limit on answers tell it, and up to which.</summary>
    private const double ToldFrom = 0.8, ToldTo = 1.8;

    private readonly ConcurrentDictionary<Guid, GraphQuota> _units = new();
    private readonly ConcurrentDictionary<Guid, GraphQuota> _writes = new();
    private readonly GraphQuota _tenantWrites = new(options.TenantQuotaWindow, options.QuotaTime, countsRefused: false);

    /// <summary>How many writes of all applications the window holds that ends now.</summary>
    public int WritesInWindow => _writes.Values.Sum(quota => quota.Used);

    /// <summary>By the number of users, where the options do not say: under 50, up to 500, more.</summary>
    private int UnitsMax => options.ResourceUnits ?? directory.Count switch { < 50 => 3_500, <= 500 => 5_000, _ => 8_000 };

    /// <summary>Counts a request, and tells on its answer what it cost.</summary>
    /// <returns>Null if it is taken.</returns>
    public GraphRefusal? Take(HttpContext context, Guid application)
    {
        // "All requests accrue against your usage limits", those that are refused too: https://learn.microsoft.com/graph/throttling#best-practices-to-handle-throttling
        var units = _units.GetOrAdd(application, _ => new GraphQuota(options.ResourceUnitsWindow, options.QuotaTime, countsRefused: true));
        var (cost, unitsMax) = (CostOf(context.Request), UnitsMax);
        var wait = units.Take(cost, unitsMax);
        context.Response.Headers["x-ms-resource-unit"] = cost.ToString(CultureInfo.InvariantCulture);
        var part = (double)units.Used / unitsMax;
        if (part > ToldFrom) context.Response.Headers["x-ms-throttle-limit-percentage"] = Math.Min(part, ToldTo).ToString("0.0", CultureInfo.InvariantCulture);
        if (wait is { } tooMany) return new GraphRefusal(tooMany, ScopeOf("Tenant_Application/ReadWrite", application), "ResourceUnitLimitExceeded");
        if (HttpMethods.IsGet(context.Request.Method)) return null;

        var writes = _writes.GetOrAdd(application, _ => new GraphQuota(options.QuotaWindow, options.QuotaTime, countsRefused: false));
        if (writes.Take(1, options.QuotaWrites) is { } own) return new GraphRefusal(own, ScopeOf("Tenant_Application/Write", application), "WriteLimitExceeded");
        return _tenantWrites.Take(1, options.TenantQuotaWrites) is { } all ? new GraphRefusal(all, ScopeOf("Tenant/Write", application), "WriteLimitExceeded") : null;
    }

    /// <summary>The published cost: 2 for <c>GET users</c>, else 1 of what is served here; one less each with <c>$select</c> and with <c>$top</c> below 20; at least 1.</summary>
    private static int CostOf(HttpRequest request)
    {
        var cost = HttpMethods.IsGet(request.Method) && request.Path.Value!.EndsWith("/users", StringComparison.OrdinalIgnoreCase) ? 2 : 1;
        if (request.Query.ContainsKey("$select")) cost--;
        if (int.TryParse(request.Query["$top"], CultureInfo.InvariantCulture, out var top) && top < 20) cost--;
        return Math.Max(1, cost);
    }

    private string ScopeOf(string limit, Guid application) => $"{limit}/{application}/{options.Tenant}";
}

/// <summary>At most so much within any window.</summary>
/// <param name="window">The window.</param>
/// <param name="time">The clock.</param>
/// <param name="countsRefused">Whether what is refused counts, too.</param>
internal sealed class GraphQuota(TimeSpan window, TimeProvider time, bool countsRefused)
{
    private readonly Lock _gate = new();
    private readonly Queue<(long At, int Cost)> _taken = new();
    private int _used;

    /// <summary>How much the window holds that ends now.</summary>
    public int Used
    {
        get
        {
            lock (_gate)
            {
                Forget();
                return _used;
            }
        }
    }

    /// <returns>Null if it counts; else how long until one like it would.</returns>
    public TimeSpan? Take(int cost, int most)
    {
        lock (_gate)
        {
            Forget();
            var isTaken = _used + cost <= most;
            if (isTaken || countsRefused)
            {
                _taken.Enqueue((time.GetTimestamp(), cost));
                _used += cost;
            }

            if (isTaken) return null;
            var excess = _used + cost - most;
            var last = _taken.First(taken => (excess -= taken.Cost) <= 0);
            return window - time.GetElapsedTime(last.At);
        }
    }

    private void Forget()
    {
        while (_taken.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= window) _used -= _taken.Dequeue().Cost;
    }
}
