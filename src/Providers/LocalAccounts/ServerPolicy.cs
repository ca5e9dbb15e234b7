using PasswordSync.Providers.Policies;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>What a server's policy for its own accounts means for what the service sets there: a reset is held against no history.</summary>
internal static class ServerPolicy
{
    /// <summary>The longest password, in UTF-16 code units (MS-SAMR 2.2.6.22).</summary>
    public const int LengthMax = 256;

    private const string Name = "the server's policy";

    /// <summary>As Samba's library read it.</summary>
    public static PasswordPolicy Of(SambaAnswer read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return new PasswordPolicy(Name)
        {
            LengthMin = read.LengthMin,
            LengthMax = LengthMax,
            IsComplex = read.IsComplex,
            HistoryLength = 0,
            AgeMax = AgeOf(read.AgeMax),
        };
    }

    /// <summary>As NetUserModalsGet gave it, which does not tell of complexity.</summary>
    public static PasswordPolicy Of(NetUserRules read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return new PasswordPolicy(Name) { LengthMin = read.LengthMin, LengthMax = LengthMax, HistoryLength = 0, AgeMax = read.AgeMax };
    }

    // Whole seconds: Samba complements where Windows negates, and is one tick off. Its "never" is the greatest number of seconds in 32 bits.
    private static TimeSpan AgeOf(long value)
    {
        var seconds = value is < 0 and > long.MinValue ? -value / TimeSpan.TicksPerSecond : uint.MaxValue;
        return seconds < uint.MaxValue ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue;
    }
}
