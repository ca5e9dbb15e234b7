using System.Collections.Immutable;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting;
using PasswordSync.Journal;

namespace PasswordSync.SyncNode.Operations;

/// <summary>
/// The one way to everything that operators can ask or do: checks the request, the role, and writes the audit. Every face is a thin cover over it.
/// </summary>
public sealed partial class OperationsLayer
{
    /// <summary>How often within a minute an operator may ask for what the role does not allow, before nothing is done for him for a while: each such question is written into the audit.</summary>
    public const int DenialsMax = 60;

    private readonly FailureLimiter denials;
    private readonly ImmutableSortedDictionary<string, Operation> operations;
    private readonly IAuditLog audit;
    private readonly string node;
    private readonly string cluster;
    private readonly TimeProvider clock;
    private readonly ILogger logger;

    /// <param name="operations">All operations.</param>
    /// <param name="audit">Where changes are written down.</param>
    /// <param name="node">This node's name.</param>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">Hears of every audit record, so that a log kept elsewhere proves it.</param>
    public OperationsLayer(IEnumerable<Operation> operations, IAuditLog audit, string node, string cluster, TimeProvider clock, ILogger<OperationsLayer> logger)
    {
        this.operations = operations.ToImmutableSortedDictionary(operation => operation.FullName, operation => operation, StringComparer.Ordinal);
        this.audit = audit;
        this.node = node;
        this.cluster = cluster;
        this.clock = clock;
        this.logger = logger;
        denials = new FailureLimiter(clock, DenialsMax);
    }

    /// <summary>All operations, by palette and name.</summary>
    public IEnumerable<Operation> Operations => operations.Values;

    /// <summary>What a client of this operator may know; also commands that the role does not reach, for the help says who may.</summary>
    public CommandList Describe(OperatorIdentity caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return new CommandList(node, cluster, ProductVersion.Text, caller.Name, caller.Role.ToText(), [.. operations.Values.Select(operation => operation.Description)]);
    }

    /// <summary>Runs an operation by its full name (<c>sync parked retry</c>). Never throws for what is expected to go wrong.</summary>
    public async Task<OperationResult> RunAsync(string name, OperationRequest request, OperatorIdentity caller, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        if (!operations.TryGetValue(name, out var operation)) return new OperationResult.Refused(RefusalReason.NotFound, $"There is no operation '{name}'.");
        if (denials.LockedFor(caller.Name) is { } wait) return new OperationResult.Refused(RefusalReason.LockedOut, $"{caller.Name} asked {DenialsMax} times within a minute for what needs another role: wait {Math.Ceiling(wait.TotalSeconds)} s.");
        try
        {
            if (caller.Role < operation.Role)
            {
                var locks = denials.Failed(caller.Name);
                if (locks) LogLocked(caller.Name, caller.Origin, DenialsMax, denials.LockTime);
                await AuditAsync(caller, operation, "denied", request, null, locks ? $"locked out for {denials.LockTime}" : null, cancellationToken).ConfigureAwait(false);
                return new OperationResult.Refused(RefusalReason.Forbidden, $"'{name}' needs the role {operation.Role.ToText()}; {caller.Name} has {caller.Role.ToText()}. Ask an administrator.");
            }

            var (call, fault) = OperationCall.Check(request, operation.Description, caller);
            if (call is null) return new OperationResult.Refused(RefusalReason.Invalid, fault!);
            return operation.Description.IsAudited ? await RunAuditedAsync(operation, request, call, cancellationToken).ConfigureAwait(false) : await operation.RunAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is StorageUnavailableException or IdentityUnavailableException or AskTargetStoppedException)
        {
            return new OperationResult.Refused(RefusalReason.Unavailable, $"It cannot be done now: {failure.Message}");
        }
        catch (UnreadableRecordException failure)
        {
            return new OperationResult.Refused(RefusalReason.Conflict, $"It cannot be done, since what is stored cannot be read: {failure.Message}");
        }
    }

    // Written before and after: what cannot be written down is not begun, and what was begun and cut off is seen to be. What is needed just then and changes nothing is only logged.
    private async Task<OperationResult> RunAuditedAsync(Operation operation, OperationRequest request, OperationCall call, CancellationToken cancellationToken)
    {
        try
        {
            await AuditAsync(call.Caller, operation, "begun", request, null, null, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageUnavailableException failure) when (operation.RunsUnaudited)
        {
            LogUnaudited(call.Caller.Name, call.Caller.Origin, operation.FullName, failure.Message);
            call.UnauditedBecause = failure.Message;
            return await operation.RunAsync(call, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var result = await operation.RunAsync(call, cancellationToken).ConfigureAwait(false);
            var (stage, before, after) = result switch
            {
                OperationResult.Answered answered => ("done", answered.Before, answered.After),
                OperationResult.Refused refused => ("refused", null, refused.Detail),
                _ => ("done", null, null),
            };

            // Not with the caller's token: it is done, whether or not somebody waits for the answer.
            try
            {
                await AuditAsync(call.Caller, operation, stage, request, before, after, CancellationToken.None).ConfigureAwait(false);
            }
            catch (StorageUnavailableException failure) when (operation.RunsUnaudited)
            {
                LogUnaudited(call.Caller.Name, call.Caller.Origin, operation.FullName, failure.Message);
            }

            return result;
        }
        catch (Exception failure)
        {
            await AuditAsync(call.Caller, operation, "failed", request, null, failure.GetType().Name, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private async Task AuditAsync(OperatorIdentity caller, Operation operation, string stage, OperationRequest request, string? before, string? after, CancellationToken cancellationToken)
    {
        var entry = new AuditEntry(clock.GetUtcNow(), caller.Name, caller.Origin, node, operation.FullName, stage, AuditText.Of(request, operation.Description), AuditText.Bounded(before), AuditText.Bounded(after));
        var record = await audit.AppendAsync(entry, cancellationToken).ConfigureAwait(false);
        LogAudited(record.Number, caller.Name, caller.Origin, operation.FullName, stage, record.Hash);
    }

    [LoggerMessage(4802, LogLevel.Error, "{Operator} from {Origin} asked {Count} times within a minute for what needs another role, and is locked out for {LockTime}.")]
    private partial void LogLocked(string @operator, string origin, int count, TimeSpan lockTime);

    [LoggerMessage(4806, LogLevel.Warning, "{Operator} from {Origin} asked for {Operation}, which could not be written into the audit and changes nothing: {Reason}")]
    private partial void LogUnaudited(string @operator, string origin, string operation, string reason);

    [LoggerMessage(4801, LogLevel.Information, "Audit {Number}: {Operator} from {Origin}: {Operation}, {Stage}. {Hash}")]
    private partial void LogAudited(long number, string @operator, string origin, string operation, string stage, string hash);
}
