using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.Tests.StampProof;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.Tests.Pipeline;

/// <summary>A directory that a test writes: accounts with their stamps, and doors that hold a look or let it fail.</summary>
public sealed class ScriptedDirectory(ManualClock time) : ISourceDirectory
{
    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.OrdinalIgnoreCase);
    private int looks;

    /// <summary>Called at the beginning of each look, with the name; may wait or throw.</summary>
    public Func<string, Task> BeforeLook { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called after the stamp was read and before the look ends.</summary>
    public Func<string, Task> AfterRead { get; set; } = _ => Task.CompletedTask;

    public Func<DirectoryAccount, ImmutableArray<ScopeRule>, ImmutableArray<string>> Match { get; set; } = (_, scopes) => [.. scopes.Select(scope => scope.Name)];

    public int Looks => Volatile.Read(ref looks);

    public static Guid GuidOf(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));

    /// <summary>The account has no password yet.</summary>
    public void Add(string name) => entries[name] = new Entry(null, null, null);

    public void Exclude(string name, AccountExclusion reason) => entries[name] = new Entry(null, null, reason);

    /// <summary>This DC writes the account's password now.</summary>
    public Stamp Write(string name, DateTimeOffset? writtenAt = null) => Write(name, ProofScript.ThisDc, writtenAt);

    /// <summary>Another DC's change arrives.</summary>
    public Stamp Replicate(string name) => Write(name, ProofScript.OtherDc, null);

    public async Task<AccountSearch> FindAsync(AccountQuery query, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref looks);
        var startedAt = time.GetUtcNow();
        await BeforeLook(query.AccountName).WaitAsync(cancellationToken);
        var entry = entries.GetValueOrDefault(query.AccountName);
        await AfterRead(query.AccountName).WaitAsync(cancellationToken);
        var completedAt = time.GetUtcNow();
        if (entry is null) return new AccountSearch.NotFound(startedAt, completedAt);
        if (entry.Exclusion is { } reason) return new AccountSearch.Excluded(startedAt, completedAt, reason);
        var account = new DirectoryAccount(GuidOf(query.AccountName), new AccountNames($"CN={query.AccountName},DC=alpha,DC=test", query.AccountName, null, $"{query.AccountName}@alpha.test"));
        return new AccountSearch.Found(startedAt, completedAt, account, ProofScript.ThisDc, entry.Stamp, entry.WrittenAt, IsNameCertain: true);
    }

    public Task<ImmutableArray<string>> MatchAsync(DirectoryAccount account, ImmutableArray<ScopeRule> scopes, CancellationToken cancellationToken) =>
        Task.FromResult(Match(account, scopes));

    private Stamp Write(string name, Guid invocationId, DateTimeOffset? writtenAt)
    {
        var version = entries.TryGetValue(name, out var entry) && entry.Stamp is { } before ? before.Version + 1 : 1;
        var stamp = new Stamp(0, version, Stamp.ToOriginatingSecond(time.GetUtcNow()), invocationId);
        entries[name] = new Entry(stamp, writtenAt, null);
        return stamp;
    }

    private sealed record Entry(Stamp? Stamp, DateTimeOffset? WrittenAt, AccountExclusion? Exclusion);
}
