using System.Globalization;
using System.Reflection;

namespace PasswordSync.Journal.Storing;

/// <summary>One step of a schema: numbered, forward only.</summary>
internal sealed record Migration(int Number, string Name, string Sql)
{
    /// <summary>All steps of one kind of store, by number from 1.</summary>
    /// <param name="store">The folder they are in: "Sqlite", "Postgres".</param>
    public static Migration[] LoadAll(string store)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var prefix = store + ".";
        Migration[] all =
        [
            .. from resource in assembly.GetManifestResourceNames()
               where resource.StartsWith(prefix, StringComparison.Ordinal)
               let name = resource[prefix.Length..]
               orderby name
               select new Migration(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name[5..], Read(assembly, resource)),
        ];
        return all.Length > 0 && all.Select(migration => migration.Number).SequenceEqual(Enumerable.Range(1, all.Length))
            ? all
            : throw new InvalidOperationException($"Internal error: the numbers of the migrations of {store} have a gap.");
    }

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
