using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Secrets;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Providers.Memory;

/// <summary>A target that lives in memory, for tests of everything that uses providers. Thread-safe. Keeps passwords until it is disposed.</summary>
public sealed class MemoryTarget : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Account> accounts = new(StringComparer.Ordinal);
    private readonly List<MemoryWrite> writes = [];

    /// <summary>The shortest password it takes, in UTF-16 code units. Default 0.</summary>
    public int PasswordLengthMin { get; init; }

    /// <summary>The source that this target is at the same time; null if it is none.</summary>
    public SourceId? AsSource { get; init; }

    /// <summary>What it is called in the journal as the server that was written to; null (the default) for nothing.</summary>
    public string? Server { get; init; }

    /// <summary>Whether accounts show marks. Default true.</summary>
    public bool ShowsMarks { get; init; } = true;

    /// <summary>The invocation id in the stamps of its writes.</summary>
    public Guid InvocationId { get; init; } = new("5f0c2f6e-5d1c-4d0f-8d0e-0a6d5e1b7c11");

    /// <summary>Every password set that came through the provider, in order.</summary>
    public ImmutableArray<MemoryWrite> Writes
    {
        get
        {
            lock (gate) return [.. writes];
        }
    }

    /// <summary>Adds an account without a password.</summary>
    /// <returns>Its key.</returns>
    public string Add(string login)
    {
        var id = Guid.NewGuid();
        lock (gate) accounts.Add(id.ToString("D"), new Account(login));
        return id.ToString("D");
    }

    /// <summary>Removes all accounts of this login.</summary>
    public void Remove(string login)
    {
        lock (gate)
        {
            foreach (var key in KeysOf(login)) accounts.Remove(key);
        }
    }

    /// <summary>Sets a password behind the provider's back, as a user of the target would.</summary>
    public void SetBehindTheBack(string login, ReadOnlySpan<char> password, DateTimeOffset now)
    {
        lock (gate)
        {
            foreach (var key in KeysOf(login)) accounts[key].Replace(password, now);
        }
    }

    /// <summary>Whether exactly one account has this login, and this is its password.</summary>
    public bool SignIn(string login, ReadOnlySpan<char> password)
    {
        lock (gate) return KeysOf(login) is [var key] && accounts[key].Has(password);
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var account in accounts.Values) account.Dispose();
            accounts.Clear();
        }
    }

    internal ImmutableArray<string> Find(string login)
    {
        lock (gate) return KeysOf(login);
    }

    internal string? MarkOf(string key)
    {
        lock (gate) return ShowsMarks && accounts.TryGetValue(key, out var account) ? account.Mark : null;
    }

    internal bool? Has(string key, ReadOnlySpan<char> password)
    {
        lock (gate) return accounts.TryGetValue(key, out var account) ? account.Has(password) : null;
    }

    /// <returns>The stamp's version and second, or null if there is no such account.</returns>
    internal (uint Version, long Second)? Write(string key, ReadOnlySpan<char> password, CaptureId captureId, DateTimeOffset now)
    {
        lock (gate)
        {
            if (!accounts.TryGetValue(key, out var account)) return null;
            account.Replace(password, now);
            writes.Add(new MemoryWrite(account.Login, captureId, account.Version, now));
            return (account.Version, account.Second);
        }
    }

    private ImmutableArray<string> KeysOf(string login) =>
        [.. accounts.Where(entry => entry.Value.Login.Equals(login, StringComparison.OrdinalIgnoreCase)).Select(entry => entry.Key)];

    private sealed class Account(string login) : IDisposable
    {
        private Secret? password;

        public string Login { get; } = login;

        public uint Version { get; private set; }

        public long Second { get; private set; }

        public string Mark => $"{Version}@{Second}";

        public bool Has(ReadOnlySpan<char> candidate) => password is not null && password.Reveal().SequenceEqual(candidate);

        public void Replace(ReadOnlySpan<char> text, DateTimeOffset now)
        {
            password?.Dispose();
            password = Secret.FromCharacters(text);
            Version++;
            Second = Stamp.ToOriginatingSecond(now);
        }

        public void Dispose() => password?.Dispose();
    }
}

/// <summary>A password set that came through the provider.</summary>
/// <param name="Login">The account's login.</param>
/// <param name="CaptureId">The change.</param>
/// <param name="Version">The account's version after it, from 1 on.</param>
/// <param name="At">When, by the provider's clock.</param>
public sealed record MemoryWrite(string Login, CaptureId CaptureId, uint Version, DateTimeOffset At);
