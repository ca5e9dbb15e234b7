using System.Globalization;
using PasswordSync.Lab;
using Xunit;

namespace PasswordSync.Chaos.Cluster;

/// <summary>What a test chooses by whom it hits, and when. It is told at the beginning and in the message of what fails; <see cref="Variable"/> plays one again.</summary>
internal sealed class Seed
{
    /// <summary>Names the seed to be played.</summary>
    public const string Variable = "PASSWORDSYNC_SEED";

    private readonly int number = int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : Environment.TickCount & 0xFFFF;

    public Seed() => Random = new Random(number);

    /// <summary>What it gives, in this order.</summary>
    public Random Random { get; }

    /// <summary>Runs what chooses by it.</summary>
    /// <exception cref="SeededFailureException">It failed.</exception>
    public async Task PlayAsync(Func<Task> test)
    {
        TestContext.Current.SendDiagnosticMessage($"seed {number}");
        try
        {
            await test();
        }
        catch (Exception failure) when (failure is not LabNotSupportedException)
        {
            throw new SeededFailureException($"It failed with seed {number}; {Variable}={number} plays it again.", failure);
        }
    }
}

/// <summary>A test that chooses at random failed; its message has the seed.</summary>
internal sealed class SeededFailureException(string message, Exception inner) : Exception(message, inner);
