using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>What people call the domain controller and the account of a capture. Remembers what it asked for.</summary>
internal sealed class CaptureNames(IOperationsStore operations)
{
    /// <summary>How many accounts are remembered.</summary>
    private const int AccountsMax = 10_000;

    private readonly Dictionary<AccountId, string?> accounts = [];
    private readonly Dictionary<IdentityId, KnownAccount?> owners = [];
    private Dictionary<(SourceId, Guid), string> controllers = [];

    /// <summary>The domain controller where the capture was made; null for other events, and where the journal does not say.</summary>
    public async ValueTask<string?> ControllerOfAsync(IdentityEvent happened, CancellationToken cancellationToken) => happened switch
    {
        IdentityEvent.CaptureAccepted { Change: var change } => await ControllerAsync(change.Account.Source, change.Stamp.InvocationId, cancellationToken).ConfigureAwait(false),
        IdentityEvent.CaptureIgnored e => await ControllerAsync(e.Account.Source, e.Stamp.InvocationId, cancellationToken).ConfigureAwait(false),
        IdentityEvent.CaptureReported { Trace.DomainController: { } name } => name,
        IdentityEvent.CaptureReported { Trace.InvocationId: { } invocationId } e => await ControllerAsync(e.Account.Source, invocationId, cancellationToken).ConfigureAwait(false),
        _ => null,
    };

    /// <summary>The login of the account of a capture that did not become a change, or that came into a scope; null for other events, and where nobody knows it.</summary>
    public async ValueTask<string?> UserOfAsync(IdentityEvent happened, CancellationToken cancellationToken) => happened switch
    {
        IdentityEvent.CaptureIgnored e => e.Trace?.AccountName ?? await UserAsync(e.Account, cancellationToken).ConfigureAwait(false),
        IdentityEvent.CaptureReported e => e.Trace?.AccountName ?? await UserAsync(e.Account, cancellationToken).ConfigureAwait(false),
        IdentityEvent.AccountScoped e => await UserAsync(e.Scope.Account, cancellationToken).ConfigureAwait(false),
        _ => null,
    };

    /// <summary>To be told of changes that were read anyway: whose they are need not be asked for.</summary>
    public void Meet(IdentityId identity, Change change)
    {
        Remember(identity, new KnownAccount(identity, change.Account, change.Names));
        Remember(change.Account, change.Names.SamAccountName);
    }

    /// <summary>An account of a person; null where nobody knows one.</summary>
    public async ValueTask<KnownAccount?> OwnerAsync(IdentityId identity, CancellationToken cancellationToken) => owners.TryGetValue(identity, out var known)
        ? known
        : Remember(identity, (await operations.Queries.FindAccountsAsync($"{identity.Value:D}", limit: 1, cancellationToken).ConfigureAwait(false)).FirstOrDefault(account => account.Identity == identity));

    /// <summary>The trace of a capture that did not become a change; null for other events.</summary>
    public static CaptureTrace? TraceOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureIgnored e => e.Trace,
        IdentityEvent.CaptureReported e => e.Trace,
        _ => null,
    };

    private async ValueTask<string> ControllerAsync(SourceId source, Guid invocationId, CancellationToken cancellationToken)
    {
        var key = (source, invocationId);
        if (controllers.TryGetValue(key, out var name)) return name;
        controllers = (await operations.Controllers.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(known => (known.Source, known.InvocationId), known => known.Name);
        return controllers.TryGetValue(key, out name) ? name : controllers[key] = invocationId.ToString();
    }

    private KnownAccount? Remember(IdentityId identity, KnownAccount? owner)
    {
        if (owners.Count >= AccountsMax) owners.Clear();
        return owners[identity] = owner;
    }

    private string? Remember(AccountId account, string? name)
    {
        if (accounts.Count >= AccountsMax) accounts.Clear();
        return accounts[account] = name;
    }

    private async ValueTask<string?> UserAsync(AccountId account, CancellationToken cancellationToken)
    {
        if (accounts.TryGetValue(account, out var name)) return name;
        var known = await operations.Queries.FindAccountsAsync($"{account.ObjectGuid}", OperationServices.AmbiguousMax, cancellationToken).ConfigureAwait(false);
        return Remember(account, known.FirstOrDefault(found => found.Account == account)?.Names?.SamAccountName);
    }
}
