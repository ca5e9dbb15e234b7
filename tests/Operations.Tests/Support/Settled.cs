using System.Diagnostics;
using PasswordSync.Lab;
using Shouldly;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>What a look at real nodes finds: a step that a busy machine keeps waiting for seconds is a finding of its own, which is gone at the next look.</summary>
internal static class Settled
{
    /// <summary>How long it may take until a look finds what there is, and nothing of the moment besides.</summary>
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(2);

    /// <summary>Asserts that looks come to find this.</summary>
    /// <param name="look">Looks.</param>
    /// <param name="names">Names of what was found that are compared.</param>
    /// <param name="expected">Them, in their order.</param>
    /// <param name="why">What it is to show.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The look that found it.</returns>
    public static async Task<T> FindsAsync<T>(Func<Task<T>> look, Func<T, IEnumerable<string>> names, string[] expected, string? why, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var found = await look();
            if (names(found).SequenceEqual(expected)) return found;
            if (Stopwatch.GetElapsedTime(begun) > Within) names(found).ShouldBe(expected, why);
            await Task.Delay(Eventually.LookInterval, cancellationToken);
        }
    }
}
