using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Admin;

/// <summary>Tells who asks, by the token in the header <c>Authorization: Bearer</c>; locks out who fails again and again.</summary>
public sealed partial class OperatorAuthentication(IOperatorRegister register, IAuditLog audit, string node, FailureLimiter failures, TimeProvider clock, ILogger<OperatorAuthentication> logger)
{
    private const string Scheme = "Bearer ";

    /// <summary>How many failures are written into the audit a minute; the others are only counted, so that nobody fills the database by failing.</summary>
    private const int AuditedFailuresMax = 20;

    private ImmutableArray<OperatorRow> lastKnown = [];
    private long auditedMinute;
    private int auditedCount;

    /// <summary>Who it is, or why nobody is let in.</summary>
    public async Task<Verdict> AuthenticateAsync(IPAddress? address, string? header, CancellationToken cancellationToken)
    {
        var origin = address is null ? "unknown" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
        if (failures.LockedFor(origin) is { } wait) return new Verdict.LockedOut(wait);
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return Verdict.Missing.Instance;
        var token = header[Scheme.Length..].Trim();
        if (token.Length == OperatorTokens.Length && Find(await ListAsync(cancellationToken).ConfigureAwait(false), OperatorTokens.HashOf(token)) is { } row)
        {
            failures.Succeeded(origin);
            return new Verdict.Known(new OperatorIdentity(row.Name, OperatorRoles.Parse(row.Role) ?? OperatorRole.Viewer, origin));
        }

        var locked = failures.Failed(origin);
        LogFailed(origin);
        if (locked) LogLocked(origin, failures.LockTime);
        await AuditFailureAsync(origin, locked, cancellationToken).ConfigureAwait(false);
        return Verdict.Wrong.Instance;
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

    private async Task AuditFailureAsync(string origin, bool locked, CancellationToken cancellationToken)
    {
        var minute = clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerMinute;
        if (Interlocked.Exchange(ref auditedMinute, minute) != minute) Volatile.Write(ref auditedCount, 0);
        if (Interlocked.Increment(ref auditedCount) > AuditedFailuresMax) return;
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
