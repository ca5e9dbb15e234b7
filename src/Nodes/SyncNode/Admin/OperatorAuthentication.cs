using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Admin;

/// <summary>
/// Tells who asks, by the token in the header <c>Authorization: Bearer</c>; locks out addresses from which it fails again and again. A token names nobody until it fits, so a failure is never an operator's, and nobody can lock
/// one out by failing in his name. Nor by failing at his address: good tokens are let in from there all the same, which helps no guesser, since 256 random bits are not guessed.
/// </summary>
public sealed partial class OperatorAuthentication(IOperatorRegister register, IAuditLog audit, string node, FailureLimiter failures, TimeProvider clock, ILogger<OperatorAuthentication> logger)
{
    /// <summary>How many failures within a minute lock an address out.</summary>
    public const int FailuresMax = 10;

    private const string Scheme = "Bearer ";

    /// <summary>How many failures are written into the audit and the log a minute, from all addresses together; the others are only counted, so that nobody fills the database by failing.</summary>
    private const int AuditedFailuresMax = 20;

    /// <summary>Who has one address of IPv6 has as many as the network has: failures are counted for the network.</summary>
    private const int NetworkBytes = 8;

    private ImmutableArray<OperatorRow> lastKnown = [];
    private long auditedMinute;
    private int auditedCount;

    /// <summary>Reads the operators once, so that those who come first while the database is away are known.</summary>
    public Task LearnAsync(CancellationToken cancellationToken) => ListAsync(cancellationToken);

    /// <summary>Who it is, or why nobody is let in.</summary>
    public async Task<Verdict> AuthenticateAsync(IPAddress? address, string? header, CancellationToken cancellationToken)
    {
        var seen = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        var (origin, cause) = (seen?.ToString() ?? "unknown", CauseOf(seen));
        var hash = header is not null && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && header[Scheme.Length..].Trim() is { } token && token.Length == OperatorTokens.Length ? OperatorTokens.HashOf(token) : null;

        // From there only what is known in memory to be good costs more than a look: it may have been revoked meanwhile.
        if (failures.LockedFor(cause) is { } wait && (hash is null || Find(lastKnown, hash) is null)) return new Verdict.LockedOut(wait);
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return Verdict.Missing.Instance;
        if (hash is not null && Find(await ListAsync(cancellationToken).ConfigureAwait(false), hash) is { } row)
        {
            failures.Succeeded(cause);
            return new Verdict.Known(new OperatorIdentity(row.Name, OperatorRoles.Parse(row.Role) ?? OperatorRole.Viewer, origin));
        }

        var locked = failures.Failed(cause);
        if (locked)
        {
            LogLocked(cause, failures.LockTime);
            await ListAsync(cancellationToken).ConfigureAwait(false);
        }

        await TellFailureAsync(origin, locked, cancellationToken).ConfigureAwait(false);
        return Verdict.Wrong.Instance;
    }

    /// <summary>For whom failures are counted: an address of IPv4, a network of IPv6.</summary>
    private static string CauseOf(IPAddress? address)
    {
        if (address is null) return "unknown";
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address.ToString();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[NetworkBytes..].Clear();
        return $"{new IPAddress(bytes)}/64";
    }

    // While the database is away, the operators are those last known: it is then that they are needed.
    private async Task<ImmutableArray<OperatorRow>> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            lastKnown = await register.ListAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (StorageUnavailableException failure)
        {
            LogStoreAway(failure.Message);
        }

        return lastKnown;
    }

    // All are compared, each in constant time: how long it takes says nothing.
    private static OperatorRow? Find(ImmutableArray<OperatorRow> rows, string hash)
    {
        var wanted = Encoding.ASCII.GetBytes(hash);
        OperatorRow? found = null;
        foreach (var row in rows)
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(row.TokenHash), wanted)) found = row;
        }

        return found;
    }

    private async Task TellFailureAsync(string origin, bool locked, CancellationToken cancellationToken)
    {
        var minute = clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerMinute;
        if (Interlocked.Exchange(ref auditedMinute, minute) != minute) Volatile.Write(ref auditedCount, 0);
        var count = Interlocked.Increment(ref auditedCount);
        if (count == AuditedFailuresMax + 1) LogMany(AuditedFailuresMax);
        if (count > AuditedFailuresMax) return;
        LogFailed(origin);
        try
        {
            await audit.AppendAsync(new AuditEntry(clock.GetUtcNow(), "", origin, node, "sign-in", "denied", "", null, locked ? $"locked out for {failures.LockTime}" : null), cancellationToken).ConfigureAwait(false);
        }
        catch (StorageUnavailableException failure)
        {
            LogStoreAway(failure.Message);
        }
    }

    [LoggerMessage(4811, LogLevel.Warning, "A sign-in to the admin listener from {Origin} failed.")]
    private partial void LogFailed(string origin);

    [LoggerMessage(4812, LogLevel.Error, "{Origin} failed to sign in again and again and is locked out for {LockTime}.")]
    private partial void LogLocked(string origin, TimeSpan lockTime);

    [LoggerMessage(4818, LogLevel.Error, "More than {Count} sign-ins failed within this minute, from one address or many; the further ones are not told one by one.")]
    private partial void LogMany(int count);

    [LoggerMessage(4813, LogLevel.Warning, "The list of operators cannot be read now: {Reason} The last known one holds.")]
    private partial void LogStoreAway(string reason);

    /// <summary>What became of a sign-in. A closed set.</summary>
    public abstract record Verdict
    {
        private Verdict() { }

        /// <summary>It is this operator.</summary>
        public sealed record Known(OperatorIdentity Operator) : Verdict;

        /// <summary>No token came.</summary>
        public sealed record Missing : Verdict
        {
            public static Missing Instance { get; } = new();
        }

        /// <summary>The token is nobody's.</summary>
        public sealed record Wrong : Verdict
        {
            public static Wrong Instance { get; } = new();
        }

        /// <summary>The address failed too often.</summary>
        public sealed record LockedOut(TimeSpan Wait) : Verdict;
    }
}
