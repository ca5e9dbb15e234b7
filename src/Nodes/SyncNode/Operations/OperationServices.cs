using System.Collections.Immutable;
using PasswordSync.Actors;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal;
using PasswordSync.Providers.Contract;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Cluster.Requests;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Intake;
using PasswordSync.SyncNode.Keys;
using PasswordSync.SyncNode.Settings;
using PasswordSync.SyncNode.Sources;

namespace PasswordSync.SyncNode.Operations;

/// <summary>What operations work with: the journal, the live actors, and what the node was configured with.</summary>
internal sealed record OperationServices(NodeParts Parts, SyncEngine Engine, KeyService Keys, PointSwitchboard Switchboard, PointMending Mending, LogRing Log, NodeHealth Health, DateTimeOffset StartedAt)
{
    /// <summary>How many accounts a name may mean before only these are listed.</summary>
    public const int AmbiguousMax = 20;

    /// <summary>How many identities are loaded from the journal at once.</summary>
    private const int LoadsMax = 256;

    /// <summary>The way to the other nodes.</summary>
    public required NodeRequests Nodes { get; init; }

    /// <summary>The way to the identities, also those of other nodes.</summary>
    public required OperatorDecisions Decisions { get; init; }

    /// <summary>The way to the targets, also those that only other nodes may reach.</summary>
    public required PointQuestions Questions { get; init; }

    /// <summary>How this node is let go.</summary>
    public required Departure Departure { get; init; }

    /// <summary>The edges that are refused.</summary>
    public required EdgeRevocations Revocations { get; init; }

    public NodeConfiguration Configuration => Parts.Configuration;

    public SourceReaders Readers => Parts.Readers;

    public PolicyChecks Policies => new(Configuration, Readers);

    public IStore Store => Parts.Store;

    public IOperationsStore Operations => Parts.Store.Operations;

    public IOperationsQueries Queries => Operations.Queries;

    public TimeProvider Clock => Parts.Clock;

    /// <summary>The clock of this machine, which may differ.</summary>
    public TimeProvider MachineClock => Parts.Clock.Machine;

    public DateTimeOffset Now => Parts.Clock.GetUtcNow();

    /// <summary>A configured sync point; null if there is none of that name.</summary>
    public PointSettings? FindPoint(string name) => Configuration.Points.FirstOrDefault(point => point.Name == name);

    public IProvider? FindProvider(string name) => FindPoint(name) is { } point ? Parts.Providers.GetValueOrDefault(point) : null;

    /// <summary>The refusal of a name that is no sync point's.</summary>
    public OperationResult.Refused NoSuchPoint(string name) =>
        new(RefusalReason.NotFound, $"There is no sync point '{name}': use one of {string.Join(", ", Configuration.Points.Select(point => point.Name))}.");

    /// <summary>The state of an identity: of its live actor, or, if its shard is another node's, from the journal.</summary>
    public async Task<IdentityState> StateOfAsync(IdentityId identity, CancellationToken cancellationToken)
    {
        if (Engine.Ownership.EpochOf(identity.Shard(Store.Leases.ShardCount)) is null) return await Store.Journal.LoadAsync(identity, cancellationToken).ConfigureAwait(false);
        try
        {
            return await Engine.Identities.ShowAsync(identity, cancellationToken).ConfigureAwait(false);
        }
        catch (IdentityUnavailableException)
        {
            return await Store.Journal.LoadAsync(identity, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The names of all other nodes that live.</summary>
    public async Task<List<string>> ListLivingOthersAsync(CancellationToken cancellationToken) =>
        [.. (await Store.Members.ListAsync(cancellationToken).ConfigureAwait(false)).Where(member => member.IsAlive && member.Node.Name != Configuration.Node.Name).Select(member => member.Node.Name)];

    /// <summary>Asks all other nodes that live for the same thing.</summary>
    /// <returns>Those that could not be asked.</returns>
    public async Task<ImmutableArray<string>> TellOthersAsync(NodeRequest request, CancellationToken cancellationToken)
    {
        var others = await ListLivingOthersAsync(cancellationToken).ConfigureAwait(false);
        var replies = await Task.WhenAll(others.Select(other => Nodes.AskAsync(other, request, cancellationToken))).ConfigureAwait(false);
        return [.. others.Where((_, index) => replies[index].Unavailable is not null)];
    }

    /// <summary>The journalled states of many identities, in their order; one that cannot be read costs none of the others. The store answers what is asked for at once with few round trips.</summary>
    public Task<List<LoadedIdentity>> LoadAsync(IEnumerable<IdentityId> identities, CancellationToken cancellationToken) => LoadAsync(Store.Journal, identities, cancellationToken);

    /// <inheritdoc cref="LoadAsync(IEnumerable{IdentityId}, CancellationToken)"/>
    public static async Task<List<LoadedIdentity>> LoadAsync(IIdentityJournal journal, IEnumerable<IdentityId> identities, CancellationToken cancellationToken)
    {
        var states = new List<LoadedIdentity>();
        foreach (var some in identities.Chunk(LoadsMax)) states.AddRange(await Task.WhenAll(some.Select(identity => LoadedIdentity.LoadAsync(journal, identity, cancellationToken))).ConfigureAwait(false));
        return states;
    }

    /// <summary>What to call somebody whose journal cannot be read: the last login, or else the account, as far as the store can tell; null if it cannot.</summary>
    public async Task<string?> NameOfUnreadableAsync(IdentityId identity, CancellationToken cancellationToken) =>
        (await Queries.FindAccountsAsync($"{identity.Value:D}", limit: 1, cancellationToken).ConfigureAwait(false)) is [var account, ..] ? account.Names?.SamAccountName ?? $"{account.Account}" : null;

    /// <summary>Who is meant by a text.</summary>
    public async Task<UserSearch> FindUserAsync(string text, CancellationToken cancellationToken)
    {
        // One more than is listed tells whether there are more.
        var accounts = OfSenders(await Queries.FindAccountsAsync(text, AmbiguousMax + 1, cancellationToken).ConfigureAwait(false));
        return accounts.Select(account => account.Identity).Distinct().Count() switch
        {
            0 => new UserSearch.Nobody(),
            1 => new UserSearch.Found(accounts[0].Identity, accounts),
            _ => new UserSearch.Several([.. accounts.Take(AmbiguousMax)]) { HasMore = accounts.Length > AmbiguousMax },
        };
    }

    // Who has sent changes goes before accounts of the name that never did, such as the same person's at a target that is a source as well.
    private static ImmutableArray<KnownAccount> OfSenders(ImmutableArray<KnownAccount> accounts)
    {
        var senders = accounts.Where(account => account.Names is not null || account.IsUnreadable).Select(account => account.Identity).ToHashSet();
        return senders.Count == 0 ? accounts : [.. accounts.Where(account => senders.Contains(account.Identity))];
    }

    /// <summary>As above, for operations that act on one person only.</summary>
    public async Task<(IdentityId Identity, OperationResult.Refused? Refusal)> FindOneAsync(string text, CancellationToken cancellationToken) =>
        await FindUserAsync(text, cancellationToken).ConfigureAwait(false) switch
        {
            UserSearch.Found found => (found.Identity, null),
            UserSearch.Several several => (default, new OperationResult.Refused(RefusalReason.Conflict, $"'{text}' means several people; use the id of one: {string.Join("; ", several.Accounts.Select(account => $"{account.Identity} is {account.Names?.DistinguishedName ?? account.Account.ToString()}"))}{(several.HasMore ? "; and more" : "")}.")),
            _ => (default, new OperationResult.Refused(RefusalReason.NotFound, $"Nothing of '{text}' ever arrived. 'sync explain {text}' says more.")),
        };
}

/// <summary>Whom a text means. A closed set.</summary>
internal abstract record UserSearch
{
    private UserSearch() { }

    /// <summary>Nobody of whom anything arrived.</summary>
    public sealed record Nobody : UserSearch;

    /// <summary>One person.</summary>
    public sealed record Found(IdentityId Identity, ImmutableArray<KnownAccount> Accounts) : UserSearch;

    /// <summary>Several people.</summary>
    public sealed record Several(ImmutableArray<KnownAccount> Accounts) : UserSearch
    {
        /// <summary>Whether there are more than these.</summary>
        public bool HasMore { get; init; }
    }
}
