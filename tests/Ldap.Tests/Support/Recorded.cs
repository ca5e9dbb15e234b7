namespace PasswordSync.Ldap.Tests.Support;

/// <summary>Messages that real servers (Samba 4.17, OpenLDAP 2.5) have sent: one of each kind and size, as hexadecimal lines.</summary>
internal static class Recorded
{
    public static IReadOnlyList<byte[]> Samba { get; } = Read("samba.hex");

    public static IReadOnlyList<byte[]> OpenLdap { get; } = Read("slapd.hex");

    public static IReadOnlyList<byte[]> All { get; } = [.. Samba, .. OpenLdap];

    private static List<byte[]> Read(string name)
    {
        using var stream = typeof(Recorded).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException(name);
        using var reader = new StreamReader(stream);
        var messages = new List<byte[]>();
        while (reader.ReadLine() is { } line) messages.Add(Convert.FromHexString(line));
        return messages;
    }
}
