using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Tests.Support;
using Xunit;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>What the parts of the conformance suite have in common.</summary>
public abstract class ConformanceSuite
{
    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A target for one test.</summary>
    private protected abstract Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken);

    private protected static async Task<Preparation.Found> FindAsync(ConformanceTarget target, AccountNames names) =>
        FoundOf(await target.Provider.PrepareAsync(Any.Query(names), Token));

    private protected static async Task<DeliveryOutcome> SetAsync(ConformanceTarget target, AccountNames names, string text)
    {
        var found = await FindAsync(target, names);
        using var password = Any.Secret(text);
        return await target.Provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }

    /// <summary>The account, or a failure that says why there is none.</summary>
    private protected static Preparation.Found FoundOf(Preparation preparation) =>
        preparation as Preparation.Found ?? throw new InvalidOperationException($"Not found: {preparation}");

    private protected static Secret Secret(string text) => Any.Secret(text);
}
