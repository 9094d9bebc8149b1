namespace CtSeg.Configuration;

/// <summary>Reads settings and keeps all that is wrong with them, so that one message can list it.</summary>
/// <param name="setting">Looks a setting up; null when it is not set.</param>
public sealed class SettingsReader(Func<string, string?> setting)
{
    private readonly List<string> _problems = [];

    /// <value>One sentence each, in the order of reading; none repeats a secret.</value>
    public IReadOnlyList<string> Problems => _problems;

    /// <returns>What is set, else what holds without; the type's default where that is nothing or the value cannot be read.</returns>
    public T Read<T>(Setting<T> one)
        where T : struct
        => ReadOptional(one) ?? default;

    /// <returns>Null where nothing is set and nothing holds without, or the value cannot be read.</returns>
    public T? ReadOptional<T>(Setting<T> one)
        where T : struct
    {
        ArgumentNullException.ThrowIfNull(one);
        var text = setting(one.Name);
        Check(one);
        if (string.IsNullOrEmpty(text))
            return one.Unless;
        return one.TryParse(text, out var value) ? value : null;
    }

    public void Check(Setting one)
    {
        ArgumentNullException.ThrowIfNull(one);
        if (one.ProblemOf(setting(one.Name)) is { } problem)
            _problems.Add(problem);
    }

    /// <inheritdoc cref="ConnectionSettings.ProblemsOf"/>
    public void Check(ConnectionSettings connection, int needed)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _problems.AddRange(connection.ProblemsOf(setting, needed));
    }

    /// <summary>Looks for names that are none but were meant to be.</summary>
    /// <param name="names">All that is set, other programs' included.</param>
    public void CheckNames(IEnumerable<string> names) => _problems.AddRange(MistypedNames.Among(names));

    public void Add(string problem) => _problems.Add(problem);
}
