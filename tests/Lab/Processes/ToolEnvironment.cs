namespace PasswordSync.Lab;

/// <summary>The environment of everything the lab starts: the same on every machine, whatever the caller's own is.</summary>
internal static class ToolEnvironment
{
    public static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>();

    public static void Apply(IDictionary<string, string?> target, IReadOnlyDictionary<string, string> additions)
    {
        target.Clear();
        target["PATH"] = string.Join(':', LabMachine.ToolFolders);
        target["LC_ALL"] = "C.UTF-8";
        target["HOME"] = LabMachine.RootFolder;
        foreach (var (name, value) in additions) target[name] = value;
    }
}
