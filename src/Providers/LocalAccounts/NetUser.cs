using System.Runtime.InteropServices;

namespace PasswordSync.Providers.LocalAccounts;

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

    public static int ReadPolicy(string host, out int lengthMin)
    {
        var code = NetUserModalsGet(ServerOf(host), 0, out var found);
        lengthMin = found == 0 ? 0 : Marshal.ReadInt32(found);
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
