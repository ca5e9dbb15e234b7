using System.Runtime.InteropServices;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>What NetUserModalsGet tells of a server's rules for passwords.</summary>
/// <param name="LengthMin">The shortest password.</param>
/// <param name="AgeMax">After how long one expires; <see cref="TimeSpan.MaxValue"/> if never.</param>
/// <param name="HistoryLength">How many earlier passwords it refuses to users; not to whoever resets.</param>
internal sealed record NetUserRules(int LengthMin, TimeSpan AgeMax, int HistoryLength)
{
    /// <summary>TIMEQ_FOREVER of lmaccess.h.</summary>
    private const uint Forever = uint.MaxValue;

    public static readonly NetUserRules None = new(0, TimeSpan.MaxValue, 0);

    /// <param name="lengthMin">In UTF-16 code units.</param>
    /// <param name="ageMax">In seconds.</param>
    /// <param name="historyLength">In passwords.</param>
    public static NetUserRules Of(int lengthMin, uint ageMax, int historyLength) => new(lengthMin, ageMax == Forever ? TimeSpan.MaxValue : TimeSpan.FromSeconds(ageMax), historyLength);
}

/// <summary>Three of the NetUser functions (lmaccess.h). Each answers a code of <see cref="WindowsFailures"/>.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("windows")]
internal static class NetUser
{
    private const uint NameOnly = 0, PasswordOnly = 1003;

    public static int Look(LocalAccount account)
    {
        var code = NetUserGetInfo(ServerOf(account.Host), account.Name, NameOnly, out var found);
        if (found != 0) _ = NetApiBufferFree(found);
        return code;
    }

    /// <param name="account">The account.</param>
    /// <param name="password">Pinned, and ended by a NUL.</param>
    public static int SetPassword(LocalAccount account, char[] password)
    {
        var info = new PasswordInfo { Password = Marshal.UnsafeAddrOfPinnedArrayElement(password, 0) };
        return NetUserSetInfo(ServerOf(account.Host), account.Name, PasswordOnly, ref info, out _);
    }

    /// <summary>Reads USER_MODALS_INFO_0: numbers of 32 bits, the shortest password, the greatest and least age in seconds, the forced log-off, the history.</summary>
    public static int ReadPolicy(string host, out NetUserRules rules)
    {
        var code = NetUserModalsGet(ServerOf(host), 0, out var found);
        rules = found == 0 ? NetUserRules.None : NetUserRules.Of(lengthMin: Marshal.ReadInt32(found), ageMax: (uint)Marshal.ReadInt32(found, 4), historyLength: Marshal.ReadInt32(found, 16));
        if (found != 0) _ = NetApiBufferFree(found);
        return code;
    }

    private static string ServerOf(string host) => $@"\\{host}";

    [DllImport("netapi32.dll", CharSet = CharSet.Unicode, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int NetUserGetInfo(string server, string user, uint level, out nint buffer);

    [DllImport("netapi32.dll", CharSet = CharSet.Unicode, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int NetUserSetInfo(string server, string user, uint level, ref PasswordInfo info, out uint parameter);

    [DllImport("netapi32.dll", CharSet = CharSet.Unicode, ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int NetUserModalsGet(string server, uint level, out nint buffer);

    [DllImport("netapi32.dll", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int NetApiBufferFree(nint buffer);

    /// <summary>USER_INFO_1003.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PasswordInfo
    {
        public nint Password;
    }
}
