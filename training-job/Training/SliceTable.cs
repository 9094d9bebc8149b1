namespace CtSeg.TrainingJob.Training;

/// <summary>A slices.csv: its first line names the columns, each further line is a slice.</summary>
internal static class SliceTable
{
    /// <param name="groupColumn">The column that holds the groups.</param>
    /// <returns>Name and group of every slice, without white space around them, in the order of the table.</returns>
    /// <exception cref="TrainingDataException">The file is not there or no such table; the message says where.</exception>
    public static List<(string Name, string Group)> Read(string file, string groupColumn = "group")
    {
        if (!File.Exists(file))
            throw new TrainingDataException($"'{file}' does not exist: it must be a table with the columns 'slice' and '{groupColumn}'.");
        var lines = File.ReadAllLines(file);
        var columns = lines.Length == 0 ? [] : lines[0].Split(',', StringSplitOptions.TrimEntries);
        var (nameAt, groupAt) = (Array.IndexOf(columns, "slice"), Array.IndexOf(columns, groupColumn));
        if (nameAt < 0 || groupAt < 0)
            throw new TrainingDataException($"The first line of '{file}' must name the columns 'slice' and '{groupColumn}'.");
        return [.. lines.Skip(1).Where(line => line.Length > 0)
            .Select(line => line.Split(',', StringSplitOptions.TrimEntries))
            .Select(fields => fields.Length == columns.Length
                ? (fields[nameAt], fields[groupAt])
                : throw new TrainingDataException($"A line of '{file}' has {fields.Length} fields instead of {columns.Length}."))];
    }
}
