using FsCheck;
using Microsoft.FSharp.Core;

namespace PasswordSync.Core.Tests;

/// <summary>
/// How properties are tried: with the same cases each time, so that what fails is what was changed; in the long series with new ones each time. What fails is printed with its seed.
/// </summary>
internal static class Properties
{
    private const ulong Seed = 20_260_302;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1";

    /// <param name="property">What holds.</param>
    /// <param name="cases">How many cases of it are tried.</param>
    /// <param name="inLongSeries">How many in the long series.</param>
    public static void Check(Property property, int cases, int inLongSeries)
    {
        var config = Config.QuickThrowOnFailure.WithMaxTest(IsLong ? inLongSeries : cases);
        FsCheck.Check.One(IsLong ? config : config.WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(Seed), FSharpOption<int>.None))), property);
    }
}
