namespace CtSeg.Local.Phantom;

/// <summary>Pulmonary vessels: trees that grow from the hila outwards and get thinner, and small ones cut across.</summary>
internal sealed class PhantomVessels
{
    private readonly int _size;
    private readonly double[] _cover;
    private readonly PhantomNoise _noise;
    private readonly PhantomAnatomy _anatomy;
    private readonly uint _planeSeed;

    /// <summary>How much of each pixel is vessel, 0 to 1: [size, size].</summary>
    public static double[] Draw(int size, PhantomNoise noise, PhantomAnatomy anatomy)
    {
        var vessels = new PhantomVessels(size, noise, anatomy);
        vessels.Grow();
        return vessels._cover;
    }

    private PhantomVessels(int size, PhantomNoise noise, PhantomAnatomy anatomy) =>
        (_size, _cover, _noise, _anatomy, _planeSeed) = (size, new double[size * size], noise, anatomy, noise.NextSeed());

    private void Grow()
    {
        foreach (int side in new[] { -1, 1 })
        {
            for (int stem = 0; stem < 7; stem++)
            {
                double turns = _noise.Next(-0.23, 0.23) + (side < 0 ? 0.5 : 0);
                Branch(side * 0.17, 0.12 + _noise.Next(-0.07, 0.07), turns, _noise.Next(0.014, 0.024), depth: 0);
            }
        }
        for (int dot = 0; dot < 260; dot++)
        {
            double x = _noise.Next(-0.85, 0.85), y = _noise.Next(-0.6, 0.6), radius = _noise.Next(0.0022, 0.0062);
            if (_anatomy.Lungs(x, y) < -0.02)
                Stamp(x, y, radius * (1.3 - Math.Abs(x)));
        }
    }

    private void Branch(double x, double y, double turns, double radius, int depth)
    {
        const double Stride = 0.004;
        double length = _noise.Next(0.10, 0.24);
        double bend = _noise.Next(-0.0028, 0.0028);
        for (double gone = 0; gone < length; gone += Stride)
        {
            // Vessels do not reach the pleura.
            if (depth > 0 && _anatomy.Lungs(x, y) > -0.012)
                return;
            // A slice is thin: vessels leave its plane and come back.
            double inPlane = depth == 0 ? 1 : PhantomNoise.Step(3.2 * PhantomNoise.Smooth(_planeSeed, 7 * x, 7 * y) - 1.0);
            if (inPlane > 0.02)
                Stamp(x, y, radius * (0.5 + 0.5 * inPlane), inPlane);
            radius *= 0.992;
            turns += bend + _noise.Next(-0.003, 0.003);
            var (c, s) = PhantomNoise.Direction(turns);
            (x, y) = (x + Stride * c, y + Stride * s);
        }
        if (radius < 0.0028 || depth > 5)
            return;
        double spread = _noise.Next(0.04, 0.09);
        Branch(x, y, turns + spread, radius * _noise.Next(0.6, 0.85), depth + 1);
        Branch(x, y, turns - spread * _noise.Next(0.6, 1.2), radius * _noise.Next(0.55, 0.85), depth + 1);
    }

    private void Stamp(double x, double y, double radius, double strength = 1)
    {
        double pixel = 2.0 / _size;
        int left = Column(x - radius - pixel), right = Column(x + radius + pixel), top = Column(y - radius - pixel), bottom = Column(y + radius + pixel);
        for (int j = Math.Max(0, top); j <= Math.Min(_size - 1, bottom); j++)
        {
            for (int i = Math.Max(0, left); i <= Math.Min(_size - 1, right); i++)
            {
                double dx = (i + 0.5) * pixel - 1 - x, dy = (j + 0.5) * pixel - 1 - y;
                double cover = Math.Clamp((radius - Math.Sqrt(dx * dx + dy * dy)) / pixel + 0.5, 0, 1) * Math.Min(1, 0.35 + radius / 0.008) * strength;
                int at = j * _size + i;
                _cover[at] = Math.Max(_cover[at], cover);
            }
        }
    }

    private int Column(double x) => (int)Math.Floor((x + 1) * 0.5 * _size);
}
