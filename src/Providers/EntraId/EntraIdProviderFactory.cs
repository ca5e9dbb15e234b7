using System.Collections.Concurrent;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.EntraId;

/// <summary>Makes <c>entraId</c> providers; see <see cref="EntraIdOptions"/> for the settings. Points of one application and tenant share one quota.</summary>
public sealed class EntraIdProviderFactory : IProviderFactory
{
    internal const string KindName = "entraId";

    private readonly ConcurrentDictionary<(Uri Graph, string Tenant, string ClientId, int Writes, TimeSpan Window), IWriteBudget> quotas = new();

    public string Kind => KindName;

    public IProvider? Create(SettingsReader settings, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (EntraIdOptions.Read(settings, context.AllowList) is not { } options) return null;
        var key = (options.Graph.Url, options.Tenant.ToUpperInvariant(), options.ClientId.ToUpperInvariant(), options.QuotaWrites, options.QuotaWindow);
        return new EntraIdProvider(options, context, context.ClusterRates is { } rates
            ? new ClusterWriteQuota(options.QuotaWrites, options.QuotaWindow, BucketOf(options), rates)
            : quotas.GetOrAdd(key, _ => new WriteQuota(options.QuotaWrites, options.QuotaWindow, context.Time)));
    }

    /// <summary>What the application is called in the cluster's count: the same on all nodes and for all its points.</summary>
    internal static string BucketOf(EntraIdOptions options) => $"{KindName} {options.Graph.Url.Authority} {options.Tenant} {options.ClientId}".ToUpperInvariant();
}
