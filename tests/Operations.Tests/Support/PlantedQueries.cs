using System.Collections.Immutable;
using System.Reflection;
using PasswordSync.Core.Ports;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>A journal that answers the question for pending work as a test wants it, and no other question.</summary>
public class PlantedQueries : DispatchProxy
{
    private Func<CancellationToken, ValueTask<ImmutableArray<PendingIdentity>>> pending = null!;

    /// <summary>Makes one.</summary>
    public static IOperationsQueries Answering(Func<CancellationToken, ValueTask<ImmutableArray<PendingIdentity>>> pending)
    {
        var queries = Create<IOperationsQueries, PlantedQueries>();
        ((PlantedQueries)(object)queries).pending = pending;
        return queries;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name != nameof(IOperationsQueries.ListPendingAsync)) throw new NotSupportedException($"Nobody is to ask for {targetMethod.Name}.");
#pragma warning disable CA2012 // It is the proxy's answer, which its one caller awaits.
        return pending((CancellationToken)args![^1]!);
#pragma warning restore CA2012
    }
}
