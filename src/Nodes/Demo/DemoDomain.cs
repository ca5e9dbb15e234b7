using System.Collections.Immutable;
using PasswordSync.Capture.Resolution;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Demo;

/// <summary>
/// A domain of a few people in memory, in the place of Active Directory: it counts versions as a DC does and lets the edge look. As on Samba, the hook
/// is called before the change is committed, and whoever looks meanwhile waits for that.
/// </summary>
/// <param name="hook">Hands a new password to the edge; the answer does not matter to the domain.</param>
/// <param name="clock">The clock of the "DC".</param>
internal sealed class DemoDomain(Func<string, string, CancellationToken, Task> hook, TimeProvider clock) : ISourceDirectory, IDisposable
{
    public const string Name = "demo";
    public const string DomainController = "dc1.demo.test";
    public const string BaseDn = "DC=demo,DC=test";

    /// <summary>The shortest password that this domain takes, so that a refused change can be seen.</summary>
    public const int LengthMin = 8;

    private static readonly Guid Invocation = new("d0d0d0d0-0001-4000-8000-000000000001");

    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Dictionary<string, Person> people = new[] { "ann", "bob", "cleo" }.ToDictionary(name => name, name => new Person(name, Guid.NewGuid()), StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<string> People => [.. people.Keys];

    /// <summary>Changes a password. The edge hears of it first; a password that is too short is then refused.</summary>
    /// <returns>Whether the domain took it.</returns>
    public async Task<bool> ChangeAsync(string name, string password, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var writtenAt = clock.GetUtcNow();
            await hook(name, password, cancellationToken).ConfigureAwait(false);
            if (password.Length < LengthMin) return false;
            people[name].Commit(writtenAt, clock.GetUtcNow());
            return true;
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task<AccountSearch> FindAsync(AccountQuery query, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var startedAt = clock.GetUtcNow();
            if (!people.TryGetValue(query.AccountName, out var person)) return new AccountSearch.NotFound(startedAt, clock.GetUtcNow());
            var names = new AccountNames($"CN={person.Name},{BaseDn}", person.Name, $"{person.Name}@demo.test", null);
            Stamp? stamp = person.Version == 0 ? null : new Stamp(0, person.Version, Stamp.ToOriginatingSecond(person.CommittedAt), Invocation);
            return new AccountSearch.Found(
                startedAt, clock.GetUtcNow(), new DirectoryAccount(person.ObjectGuid, names), Invocation, stamp, stamp is null ? null : person.WrittenAt, IsNameCertain: true);
        }
        finally
        {
            turn.Release();
        }
    }

    public Task<ImmutableArray<string>> MatchAsync(DirectoryAccount account, ImmutableArray<ScopeRule> scopes, CancellationToken cancellationToken) =>
        Task.FromResult(scopes.Select(scope => scope.Name).ToImmutableArray());

    public void Dispose() => turn.Dispose();

    private sealed class Person(string name, Guid objectGuid)
    {
        public string Name { get; } = name;

        public Guid ObjectGuid { get; } = objectGuid;

        public uint Version { get; private set; }

        /// <summary>When the write began: before its hook, as <c>pwdLastSet</c>.</summary>
        public DateTimeOffset WrittenAt { get; private set; }

        /// <summary>When it was committed: after its hook, as the time of the stamp.</summary>
        public DateTimeOffset CommittedAt { get; private set; }

        public void Commit(DateTimeOffset writtenAt, DateTimeOffset committedAt)
        {
            Version++;
            (WrittenAt, CommittedAt) = (writtenAt, committedAt);
        }
    }
}
